#include "bench/trace.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;

namespace {

// A step that begins at `start` nanoseconds: two parts with a pause before the update.
std::vector<Profile::Span> step_at(int64_t start) {
  return {{StepPart::products, start, start + 2000, 0},
          {StepPart::loss, start + 2000, start + 2500, 0},
          {StepPart::optimiser, start + 4000, start + 7000, 0}};
}

}  // namespace

TEST_CASE("a trace has a complete event for each step around those of its parts", "[bench]") {
  const auto trace =
      nlohmann::json::parse(chrome_trace({{"standard fp32", {step_at(5'000'000), step_at(5'010'000)}},
                                          {"bespoke bf16", {step_at(6'000'000), {}}}}));
  const auto& events = trace.at("traceEvents");
  REQUIRE(events.size() == 3 * 4);
  for (const auto& event : events) CHECK(event.at("ph") == "X");
  CHECK(events[0].at("name") == "standard fp32, step 1");
  CHECK(events[0].at("ts") == 0.0);
  CHECK(events[0].at("dur") == 7.0);
  CHECK(events[2].at("name") == "loss");
  CHECK(events[2].at("ts") == 2.0);
  CHECK(events[2].at("dur") == 0.5);
  CHECK(events[4].at("name") == "standard fp32, step 2");
  CHECK(events[4].at("ts") == 10.0);
  CHECK(events[7].at("tid") == 1);
  CHECK(events[8].at("name") == "bespoke bf16, step 1");
  CHECK(events[8].at("tid") == 2);
  CHECK(events[8].at("ts") == 1000.0);
}

TEST_CASE("a trace of nothing is one too", "[bench]") {
  CHECK(nlohmann::json::parse(chrome_trace({})).at("traceEvents").empty());
}

TEST_CASE("a path that cannot be written to is bad input, and trying one leaves nothing", "[bench]") {
  const testing::TemporaryFolder folder;
  check_trace_path("--trace", folder / "step.json");
  CHECK(!std::filesystem::exists(folder / "step.json"));
  try {
    check_trace_path("--trace", folder / "none" / "step.json");
    FAIL("no error");
  } catch (const BadInput& error) {
    CHECK(error.problems().front().text().find("step.json: cannot be written: No such file") !=
          std::string::npos);
  }
}
