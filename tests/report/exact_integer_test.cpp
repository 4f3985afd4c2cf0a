#include "report/exact_integer.h"

#include "catch.h"
#include "report/cells.h"
#include "report/table.h"

using namespace ate;

namespace {

const std::string kLong = "3145728000000000000000";

Report report_with(const nlohmann::ordered_json& cell) {
  Report report;
  report.title = "t";
  report.tables = {{"t", "", {{"n", "n"}}, {{cell}}}};
  report.document = {{"n", cell}, {"list", {cell, 1}}};
  return report;
}

}  // namespace

TEST_CASE("a whole number longer than 63 bits is written as the integer it is", "[report]") {
  const Report report = report_with(exact_integer(kLong));
  CHECK(dump_json(report.document) == "{\"n\":" + kLong + ",\"list\":[" + kLong + ",1]}");
  CHECK(render(report, Format::jsonl) == "{\"table\":\"t\",\"n\":" + kLong + "}\n");
  CHECK(render(report, Format::csv) == "n\r\n" + kLong + "\r\n");
  CHECK(render(report, Format::table).find("3,145,728,000,000,000,000,000") != std::string::npos);
}

TEST_CASE("short ones are numbers like others", "[report]") {
  CHECK(exact_integer("0") == 0);
  CHECK(exact_integer("999999999999999999") == 999999999999999999);
  CHECK(exact_integer("999999999999999999").is_number_integer());
  CHECK(dump_json(exact_integer("9223372036854775808")) == "9223372036854775808");
}

TEST_CASE("text stays text, whatever it looks like", "[report]") {
  for (const char* text : {"", "12", "\"12\"", "a \\u0001 b", "3145728000000000000000"}) {
    const nlohmann::ordered_json cell = text;
    CHECK_FALSE(is_number(cell));
    CHECK(dump_json(cell) == cell.dump());
  }
}

TEST_CASE("people see a count divided by its column's unit", "[report]") {
  const Column millions = {"n", "n (M)", 1, 1e6};
  CHECK(cell_text(2147483648, millions) == "2,147.5");
  CHECK(cell_text(exact_integer(kLong), millions) == "3,145,728,000,000,000.0");
  CHECK(cell_text(nullptr, millions) == "-");
  CHECK(cell_text("never", millions) == "never");
}
