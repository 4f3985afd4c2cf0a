#include "report/cells.h"

#include <cmath>
#include <limits>

#include "catch.h"

using namespace ate;

namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& cell, int precision = -1) { return cell_text(cell, {"x", "x", precision}); }

}  // namespace

TEST_CASE("numbers are rounded to the column's precision", "[report]") {
  CHECK(text(2.94834, 4) == "2.9483");
  CHECK(text(2.94836, 4) == "2.9484");
  CHECK(text(-0.5, 1) == "-0.5");
  CHECK(text(1234.5, 2) == "1234.50");
  CHECK(text(3.7, 0) == "4");
  CHECK(text(0.0, 4) == "0.0000");
}

TEST_CASE("a number that would round to nothing is shown by its size", "[report]") {
  CHECK(text(3.14e-6, 4) == "3.1e-06");
  CHECK(text(-1e-9, 4) == "-1.0e-09");
  CHECK(text(0.4, 0) == "4.0e-01");
  CHECK(text(0.00006, 4) == "0.0001");  // rounds to something
}

TEST_CASE("numbers without a precision stay as they are", "[report]") {
  CHECK(text(0.1) == "0.1");
  CHECK(text(1e-9) == "1e-09");
  CHECK(text(2.5) == "2.5");
}

TEST_CASE("whole numbers have commas between thousands", "[report]") {
  CHECK(text(0) == "0");
  CHECK(text(999) == "999");
  CHECK(text(1000) == "1,000");
  CHECK(text(1'054'440) == "1,054,440");
  CHECK(text(-25'800) == "-25,800");
  CHECK(text(-999) == "-999");
  CHECK(text(int64_t{1'000'000'000'000}) == "1,000,000,000,000");
  CHECK(text(1000, 4) == "1,000");  // precision is for fractions
  CHECK(text(std::numeric_limits<int64_t>::min()) == "-9,223,372,036,854,775,808");
}

TEST_CASE("no number is a dash, also when it comes as NaN", "[report]") {
  CHECK(text(nullptr) == "-");
  CHECK(text(nullptr, 4) == "-");
  CHECK(text(std::nan("")) == "-");
  CHECK(text(std::nan(""), 4) == "-");
  CHECK(cell_csv(std::nan("")).empty());
}

TEST_CASE("words stay words and truth becomes one", "[report]") {
  CHECK(text("exploratory: better") == "exploratory: better");
  CHECK(text("") == "");
  CHECK(text(true) == "yes");
  CHECK(text(false) == "no");
}

TEST_CASE("CSV has full precision and no commas of its own", "[report]") {
  CHECK(cell_csv(2.9483463917440638) == "2.9483463917440638");
  CHECK(cell_csv(1'054'440) == "1054440");
  CHECK(cell_csv(nullptr).empty());
  CHECK(cell_csv(true) == "true");
}

TEST_CASE("CSV quotes what needs it, as RFC 4180 says", "[report]") {
  CHECK(cell_csv("plain words") == "plain words");
  CHECK(cell_csv("a,b") == "\"a,b\"");
  CHECK(cell_csv("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(cell_csv("two\nlines") == "two\\nlines");  // a row is a line
  CHECK(cell_csv("\x1b[2J,") == "\"\\x1b[2J,\"");
  CHECK(cell_csv("\"") == "\"\"\"\"");
  CHECK(cell_csv("").empty());
}

TEST_CASE("CSV text is no formula to a spreadsheet", "[report]") {
  CHECK(cell_csv("=HYPERLINK(A1)") == "'=HYPERLINK(A1)");
  CHECK(cell_csv("=1,2") == "\"'=1,2\"");
  CHECK(cell_csv("+cmd") == "'+cmd");
  CHECK(cell_csv("-cmd") == "'-cmd");
  CHECK(cell_csv("@SUM(A1)") == "'@SUM(A1)");
  CHECK(cell_csv("-") == "'-");
  CHECK(cell_csv("-0.5") == "-0.5");  // numbers are none
  CHECK(cell_csv("+3e-4") == "+3e-4");
  CHECK(cell_csv(-0.5) == "-0.5");
  CHECK(cell_csv("a=b") == "a=b");
}
