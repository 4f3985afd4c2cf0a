#include "pipeline/stored_report.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"
#include "support/error.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Report some_report() {
  Report report;
  report.title = "Title";
  report.facts = {"a fact", "another"};
  report.tables = {{"kinds",
                    "Kinds",
                    {{"kind", "kind"}, {"flops", "MFLOP", 2, 1e6}},
                    {{"dense", 3.5e6}, {"window", nullptr}}}};
  report.notes = {"a note"};
  report.document = {{"rows", {{{"kind", "dense"}, {"loss", 2.25}}}}};
  return report;
}

Json through_text(const Json& document) { return Json::parse(document.dump(2)); }

// Calls `alter` with a copy of the document for each value in it, and the value's pointer.
void for_each_value(const Json& document, const std::function<void(Json, const Json::json_pointer&)>& alter) {
  const std::function<void(const Json::json_pointer&)> visit = [&](const Json::json_pointer& place) {
    if (!place.empty()) alter(document, place);
    const Json& value = document.at(place);
    if (value.is_object())
      for (const auto& [key, inner] : value.items()) visit(place / key);
    if (value.is_array())
      for (size_t i = 0; i < value.size(); ++i) visit(place / i);
  };
  visit(Json::json_pointer());
}

}  // namespace

TEST_CASE("a report comes back from its text and prints the same", "[pipeline]") {
  const Report report = some_report();
  const Report back = report_from_json(through_text(report_to_json(report)), "report.json");
  for (const Format format : {Format::table, Format::md, Format::csv, Format::json, Format::jsonl})
    CHECK(render(back, format) == render(report, format));
}

TEST_CASE("a report of an earlier version, without a hash, is read", "[pipeline]") {
  Json stored = report_to_json(some_report());
  stored.erase("hash");
  CHECK(render(report_from_json(stored, "report.json"), Format::table) ==
        render(some_report(), Format::table));
}

TEST_CASE("whatever value of a stored report is altered or removed, it is refused by file", "[pipeline]") {
  const Json stored = through_text(report_to_json(some_report()));
  const auto refused = [](const Json& altered) {
    return complaint_of<Failure>([&] {
             (void)report_from_json(altered, "report.json");
           }).rfind("report.json: ", 0) == 0;
  };
  int values = 0;
  for_each_value(stored, [&](Json altered, const Json::json_pointer& place) {
    CAPTURE(place.to_string());
    altered[place] = altered[place].is_boolean() ? Json(3) : Json(true);
    CHECK(refused(altered));
    Json part = stored;
    Json& parent = part[place.parent_pointer()];
    if (parent.is_object())
      parent.erase(place.back());
    else
      parent.erase(std::stoul(place.back()));
    if (place.to_string() != "/hash") CHECK(refused(part));
    ++values;
  });
  CHECK(values > 30);
}

TEST_CASE("a file that holds no whole report counts as none", "[pipeline]") {
  const TemporaryFolder folder;
  CHECK(!read_report(folder / "none.json"));
  for (const std::string& text :
       {std::string(), std::string("{"), std::string(200'000, '['), std::string("[]")})
    CHECK(!read_report(folder.write("report.json", text)));
  CHECK(read_report(folder.write("report.json", report_to_json(some_report()).dump()))->title == "Title");
}
