#include "study/original.h"

#include "catch.h"
#include "config/resolve.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config preset(const std::string& name, std::vector<std::string> sets = {}) {
  return resolve({name, "", std::move(sets), {}}).config;
}

}  // namespace

TEST_CASE("a preset on its own source is the original's, whatever else is set", "[study]") {
  for (const char* name : {"focused", "medium", "long", "definitive"}) {
    CHECK(is_originals_source(preset(name)));
    CHECK(
        is_originals_source(preset(name, {"schedule.epochs=3", "name=mine", "optimiser.learning_rate=0.1"})));
    CHECK(is_originals_source(preset(name, {"mode=published"})));
  }
}

TEST_CASE("another source is not, under any name", "[study]") {
  CHECK(!is_originals_source(preset("medium", {"source.exponent=1"})));
  CHECK(!is_originals_source(preset("focused", {"source.kind=zipf_markov"})));
  CHECK(!is_originals_source(preset("focused", {"source.tokens=20000", "name=mine"})));
}

TEST_CASE("criteria of one's own apply to any source", "[study]") {
  CHECK(is_originals_source(Config()));
  CHECK(is_originals_source(preset("medium", {"source.exponent=1", "seed_criteria.loss_ratio_below=0.99"})));
}

TEST_CASE("a study on another source shows neither the original's criteria nor its numbers", "[study]") {
  for (const bool own : {false, true}) {
    Config config = preset("focused", {"study.seeds=0..2"});
    if (!own) config.source.exponent = 1;
    const StudyResult result = assess(config, "run", pairs({4, 5, 6}, {3.5, 5, 5.75}));
    CHECK(result.seed_criteria.empty() == !own);
    CHECK(result.arms[0].published.has_value() == own);
    CHECK(any_note(result, "printed") == own);
    CHECK(to_json(result)["seed_criteria"].empty() == !own);
  }
}
