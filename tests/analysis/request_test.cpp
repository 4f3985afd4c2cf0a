#include "analysis/request.h"

#include <nlohmann/json.hpp>

#include "analysis/gpt4.h"
#include "analysis/grid.h"
#include "analysis/plot.h"
#include "analysis/report.h"
#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

Setting flag(const std::string& name, const std::string& value) {
  return {name, value, "--" + name + " " + value};
}

std::string complaint(const std::vector<Setting>& settings) {
  return complaint_of<BadInput>([&] { (void)make_request(settings); });
}

std::vector<int64_t> grid(const std::string& text) {
  std::vector<int64_t> values;
  return parse_grid(text, values) ? values : std::vector<int64_t>{};
}

using Numbers = std::vector<int64_t>;

}  // namespace

TEST_CASE("grids: numbers, units, doubling ranges", "[analysis]") {
  CHECK(grid("512,1024") == Numbers{512, 1024});
  CHECK(grid("1k..8k") == Numbers{1024, 2048, 4096, 8192});
  CHECK(grid("1k..7k") == Numbers{1024, 2048, 4096});
  CHECK(grid("3..3") == Numbers{3});
  CHECK(grid("5,1k..2k,2M") == Numbers{5, 1024, 2048, 2097152});
  CHECK(grid("9223372036854775807") == Numbers{9223372036854775807});
  CHECK(grid("4611686018427387904..9223372036854775807").size() == 1);
}

TEST_CASE("grids: what is none", "[analysis]") {
  for (const char* text : {"", ",", "1,", ",1", "k", "1K", "1.5", "0x10", " 1", "1 ", "1..", "..1", "2..1",
                           "0..4", "-4..4", "1..2..3", "9223372036854775808", "9007199254740993k", "nan"}) {
    CAPTURE(text);
    CHECK(grid(text).empty());
  }
}

TEST_CASE("without sizes the document's rows are asked for", "[analysis]") {
  const AnalysisRequest request = make_request({});
  CHECK(request.document_rows);
  CHECK(request.document_sizes);
  REQUIRE(request.shapes.size() == 7);
  CHECK(request.shapes[5].width == 1280);
  CHECK(request.shapes[5].heads == 20);
  CHECK_FALSE(make_request({flag("k", "16")}).document_sizes);
  CHECK(make_request({flag("k", "16")}).document_rows);
  CHECK_FALSE(make_request({flag("T", "16")}).document_rows);
}

TEST_CASE("every d is set with every T and every k", "[analysis]") {
  const AnalysisRequest request = make_request({flag("d", "64,128"), flag("T", "1k..4k"), flag("k", "2,4")});
  CHECK(request.shapes.size() == 2 * 3 * 2);
}

TEST_CASE("heads follow from d, the head size or themselves", "[analysis]") {
  const auto first = [](const std::vector<Setting>& settings) { return make_request(settings).shapes[0]; };
  CHECK(first({flag("d", "512")}).heads == 8);
  CHECK(first({flag("d", "512"), flag("head_size", "128")}).heads == 4);
  CHECK(first({flag("d", "500"), flag("heads", "5")}).head_size() == 100);
  CHECK(first({flag("d", "512"), flag("heads", "8"), flag("head_size", "64")}).heads == 8);
  CHECK(first({flag("d", "512"), flag("kv_heads", "2")}).kv_heads == 2);
  CHECK(first({flag("d", "512")}).kv_heads == 8);
}

TEST_CASE("a later setting stands above an earlier one", "[analysis]") {
  CHECK(make_request({flag("d", "512"), flag("d", "64")}).shapes[0].width == 64);
}

TEST_CASE("what does not fit is named with what would", "[analysis]") {
  CHECK(contains(complaint({flag("T", "0")}), "--T 0: expected whole numbers from 1 to 1099511627776"));
  CHECK(contains(complaint({flag("T", "-3")}), "got \"-3\""));
  CHECK(contains(complaint({flag("d", "512"), flag("heads", "12")}),
                 "12 heads do not divide d = 512; the nearest"));
  CHECK(contains(complaint({flag("d", "512"), flag("heads", "12")}), "8 or 16"));
  CHECK(contains(complaint({flag("d", "100")}), "--d 100: heads of 64 do not divide d = 100"));
  CHECK(contains(complaint({flag("d", "512"), flag("heads", "8"), flag("head_size", "32")}),
                 "make 256, not d = 512"));
  CHECK(contains(complaint({flag("d", "512"), flag("kv_heads", "3")}),
                 "3 key-value heads do not divide the 8"));
  CHECK(contains(complaint({flag("T", "64"), flag("k", "65")}),
                 "--k 65: 65 keys cannot be selected from 64 tokens"));
  CHECK(contains(complaint({flag("T", "4")}), "--T 4: 8 keys cannot be selected from 4 tokens"));
  CHECK(contains(complaint({flag("scope", "modle")}), "did you mean \"model\"?"));
  CHECK(contains(complaint({flag("accounting", "published,corected")}), "did you mean \"corrected\"?"));
  CHECK(contains(complaint({flag("causal", "no")}), "expected true or false"));
  CHECK(contains(
      complaint({flag("T", "1..1M,1..1M,1..1M,1..1M,1..1M,1..1M"), flag("k", "1"),
                 flag("d",
                      "64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,"
                      "64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,"
                      "64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,"
                      "64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256,64,128,192,256")}),
      "more than 10000"));
}

TEST_CASE("all problems are told together, each setting once", "[analysis]") {
  const auto problems = problems_of<BadInput>([] {
    (void)make_request({flag("T", "0"), flag("k", "x"), flag("pass", "sideways")});
  });
  CHECK(problems.size() == 3);
  CHECK(problems_of<BadInput>([] {
          (void)make_request({flag("T", "16..64"), flag("k", "128")});
        }).size() == 1);
}

TEST_CASE("settings come from JSON as they do from flags", "[analysis]") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.json", R"({"d": [512, "1k"], "T": "1k..2k", "k": 1e1, "causal": false})");
  const AnalysisRequest request = make_request(read_settings(path));
  REQUIRE(request.shapes.size() == 4);
  CHECK(request.shapes[3].width == 1024);
  CHECK(request.shapes[0].keys == 10);
  CHECK_FALSE(request.shapes[0].causal);
}

TEST_CASE("a JSON file's problems carry its name and the path in it", "[analysis]") {
  const TemporaryFolder folder;
  const auto complaint_about = [&](const std::string& text) {
    const auto path = folder.write("a.json", text);
    return complaint_of<BadInput>([&] { (void)make_request(read_settings(path)); });
  };
  CHECK(
      contains(complaint_about(R"({"hiden": 3})"), "a.json: /hiden: unknown key (did you mean \"hidden\"?)"));
  CHECK(contains(complaint_about(R"({"T": 0})"), "a.json: /T: expected whole numbers from 1"));
  CHECK(contains(complaint_about(R"({"T": null})"), "a.json: /T: expected"));
  CHECK(contains(complaint_about(R"({"T": []})"), "a.json: /T: expected"));
  CHECK(contains(complaint_about(R"({"T": 1.5})"), "a.json: /T: expected"));
  CHECK(contains(complaint_about(R"({"T": 1e999})"), "a.json:1:11: not usable JSON"));
  CHECK(contains(complaint_about(R"({"T": 1e30})"), "a.json: /T: expected"));
  CHECK(contains(complaint_about(R"({"T": 8, "T": 9})"), "stands twice"));
  CHECK(contains(complaint_about("[1]"), "a.json: expected an object"));
  CHECK(contains(complaint_about("{"), "a.json:1:2: not valid JSON"));
}

TEST_CASE("the report has a row for each shape and accounting, in the document and for machines",
          "[analysis]") {
  const AnalysisRequest request = make_request({flag("d", "64"), flag("T", "16,32")});
  const Report report = analysis_report(request, {});
  CHECK(report.document["rows"].size() == 6);
  CHECK(report.document["crossovers"].size() == 3);
  CHECK(report.tables[0].rows.size() == 2);
  AnalysisView machines;
  machines.for_people = false;
  CHECK(objects_of(analysis_report(request, machines).tables[0]) == report.document["rows"]);
}

TEST_CASE("every table of every section is rectangular", "[analysis]") {
  const AnalysisRequest request = make_request({flag("d", "64,128"), flag("T", "16,32"), flag("k", "2,4")});
  AnalysisView view;
  view.sections.assign(std::begin(kSections), std::end(kSections));
  view.device = data_sheet_devices()[0];
  for (const bool for_people : {true, false}) {
    view.for_people = for_people;
    for (const Table& table : analysis_report(request, view).tables) {
      CAPTURE(table.name);
      CHECK_FALSE(table.rows.empty());
      for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
    }
  }
}

TEST_CASE("the plot has a curve for each accounting and width", "[analysis]") {
  CHECK(speedup_plot(make_request({})).curves.size() == 3);
  CHECK(speedup_plot(make_request({})).curves[0].points.size() == 6);
  const CurvePlot plot = speedup_plot(make_request({flag("d", "64,128"), flag("T", "16..64")}));
  REQUIRE(plot.curves.size() == 6);
  CHECK(plot.curves[0].points.size() == 3);
  CHECK(plot.curves[0].name == plot.curves[3].name);
  CHECK(plot.curves[0].colour == plot.curves[3].colour);
  CHECK(plot.curves[3].panel == "d 128, k 8");
}

TEST_CASE("gpt4: assumptions are read, and refused with their names", "[analysis]") {
  const auto read = [](const std::string& text) { return gpt4::read_assumptions("--assume", text); };
  CHECK(read("d=12288,layers=96").heads == 96);
  CHECK(read("heads=96").width == 12288);
  CHECK(read("d=1000,heads=10").heads == 10);
  CHECK(read("k=64").keys == std::optional<int64_t>(64));
  const auto complaint_about = [&](const std::string& text) {
    return complaint_of<BadInput>([&] { (void)read(text); });
  };
  CHECK(contains(complaint_about("layrs=3"), "did you mean \"layers\"?"));
  CHECK(contains(complaint_about("layers"), "expected name=number"));
  CHECK(contains(complaint_about("layers="), "layers: expected a whole number"));
  CHECK(contains(complaint_about("d=100"), "d = 100 is no multiple of the heads' 128"));
  CHECK(contains(complaint_about("d=100,heads=7"), "7 heads do not divide d = 100"));
  CHECK(contains(complaint_of<BadInput>([&] { (void)gpt4::shape_at({}, 8, "--T 8"); }),
                 "give T of at least 16"));
}
