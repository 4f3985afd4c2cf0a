#include "sweep/sweep_file.h"

#include <cmath>
#include <filesystem>
#include <set>

#include "catch.h"
#include "helpers/temporary_folder.h"
#include "support/files.h"

using namespace ate;
using Json = nlohmann::ordered_json;

namespace {

Sweep read(const Json& document) {
  const ate::testing::TemporaryFolder folder;
  const std::string file = (folder.path() / "tiny.json").string();
  write_atomically(file, document.dump());
  return read_sweep(file);
}

Json tiny() { return {{"extends", "focused"}}; }

}  // namespace

TEST_CASE("The points of grid, list and random multiply, the random draws fastest", "[sweep]") {
  Json file = tiny();
  file["grid"] = {{"body.width", {16, 32}}};
  file["list"] = Json::array({{{"windows.batch", 8}}, {{"windows.batch", 16}, {"schedule.epochs", 2}}});
  file["random"] = {{"count", 3}, {"draw", {{"optimiser.learning_rate", {{"low", 0.1}, {"high", 0.2}}}}}};
  const Sweep sweep = read(file);
  CHECK(sweep.name == "tiny");
  CHECK(sweep.paths == std::vector<std::string>{"body.width", "windows.batch", "schedule.epochs",
                                                "optimiser.learning_rate"});
  REQUIRE(sweep.points.size() == 12);
  CHECK(sweep.points[0][0] == sweep.points[1][0]);
  CHECK(sweep.points[0].back() != sweep.points[1].back());
  CHECK(sweep.points[0].back() == sweep.points[3].back());  // every point has the same draws
  CHECK(sweep.points[3].size() == 4);
  CHECK(describe(sweep.points[6]).rfind("body.width=32, windows.batch=8, optimiser.learning_rate=0.1", 0) ==
        0);
}

TEST_CASE("Random draws follow their law and do not depend on their neighbours", "[sweep]") {
  const Json rate = {{"low", 1e-4}, {"high", 1e-2}, {"log", true}};
  Json file = tiny();
  file["random"] = {
      {"count", 4000},
      {"draw", {{"optimiser.learning_rate", rate}, {"body.width", {{"low", 8}, {"high", 10}}}}}};
  const Sweep both = read(file);
  double logs = 0;
  std::map<std::string, int> widths;
  for (const SweepPoint& point : both.points) {
    const double value = std::stod(point[0].value);
    REQUIRE(value >= 1e-4);
    REQUIRE(value <= 1e-2);
    logs += std::log10(value) / 4000;
    ++widths[point[1].value];
  }
  // The mean of 4000 draws from U(-4, -2): its standard error is .009.
  CHECK(std::abs(logs + 3) < 0.04);
  REQUIRE(widths.size() == 3);
  for (const char* width : {"8", "9", "10"})
    CHECK(std::abs(widths[width] - 1333) < 150);  // 5 standard errors

  file["random"] = {{"count", 10}, {"draw", {{"optimiser.learning_rate", rate}}}};
  const Sweep alone = read(file);
  for (size_t i = 0; i < 10; ++i) CHECK(alone.points[i][0] == both.points[i][0]);
}

TEST_CASE("A range of a whole setting has whole values, at equal ratios or distances", "[sweep]") {
  const auto values = [](const Json& range, const char* path) {
    Json file = tiny();
    file["grid"][path] = range;
    std::vector<std::string> out;
    for (const SweepPoint& point : read(file).points) out.push_back(point[0].value);
    return out;
  };
  CHECK(values({{"from", 16}, {"to", 128}, {"points", 3}}, "body.width") ==
        std::vector<std::string>{"16", "45", "128"});
  CHECK(values({{"from", 16}, {"to", 128}, {"points", 3}, {"scale", "linear"}}, "body.width") ==
        std::vector<std::string>{"16", "72", "128"});
  CHECK(values({{"from", 0}, {"to", 0.5}, {"points", 3}, {"scale", "linear"}}, "body.dropout") ==
        std::vector<std::string>{"0.0", "0.25", "0.5"});
  CHECK_THROWS_AS(values({{"from", 0}, {"to", 0.5}, {"points", 3}}, "body.dropout"), BadInput);
}
