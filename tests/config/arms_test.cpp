// Which settings an arm reads, told from what its embedding does with them.

#include "catch.h"
#include "config/resolve.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string arm_complaint(const std::string& arms, const std::string& setting) {
  return complaint_of<BadInput>([&] {
    (void)resolve({"focused", "", {"study.arms=[" + arms + "]", setting}, {}});
  });
}

const char* const kPlain = R"("standard","tied","aa","known_worse")";

}  // namespace

TEST_CASE("bands larger than the vocabulary stop the arms that have bands, and no others", "[config]") {
  for (const char* setting : {"bands.high=190", "bands.high=2.5", "source.vocabulary=60"}) {
    CAPTURE(setting);
    CHECK(arm_complaint(kPlain, setting).empty());
    CHECK(arm_complaint(R"("standard","uniform_projected","factorised","mixed_dim")", setting).empty());
    for (const char* arm : {"bespoke", "reversed", "random_band", "param_matched", "adaptive"}) {
      CAPTURE(arm);
      CHECK(!arm_complaint("\"standard\",\"" + std::string(arm) + "\"", setting).empty());
    }
  }
}

TEST_CASE("a width without a column stops the arms that have it, and no others", "[config]") {
  const std::string high = "embedding.high=0.001", mid = "embedding.mid=0.001", low = "embedding.low=0.001",
                    rank = "embedding.rank=0.001";
  for (const std::string& setting : {high, mid, low, rank}) CHECK(arm_complaint(kPlain, setting).empty());
  CHECK(contains(arm_complaint(R"("uniform_projected")", high), "leaves no column"));
  CHECK(arm_complaint(R"("uniform_projected")", low).empty());
  CHECK(contains(arm_complaint(R"("standard","factorised")", rank),
                 "0.001 times the width 64 leaves no column"));
  CHECK(arm_complaint(R"("factorised")", mid).empty());
  CHECK(arm_complaint(R"("adaptive")", low).empty());
  for (const char* arm : {R"("bespoke")", R"("reversed")", R"("random_band")", R"("param_matched")"})
    for (const std::string& setting : {high, mid, low})
      CHECK(contains(arm_complaint(arm, setting), "leaves no column"));
}

TEST_CASE("a study reads what any of its arms reads", "[config]") {
  const EmbeddingSettings reads =
      settings_read_by({EmbeddingKind::standard, EmbeddingKind("factorised"), EmbeddingKind("mixed_dim")});
  CHECK(reads.rank);
  CHECK(reads.ranking);
  CHECK(reads.high);
  CHECK(!reads.bands);
  CHECK(!reads.mid_low);
}

TEST_CASE("what trains one model is checked for its arm alone, and for the settings of ate train",
          "[config]") {
  const auto train = [](std::vector<std::string> sets) {
    return complaint_of<BadInput>([&] { (void)resolve({"focused", "", std::move(sets), {}, true}); });
  };
  CHECK(train({"bands.high=190"}).empty());  // the first arm is standard
  CHECK(!train({"bands.high=190", R"(study.arms=["bespoke","standard"])"}).empty());
  CHECK(contains(train({"train.procedure=frontier"}), "needs attention, which the bag has not"));
  CHECK(arm_complaint(kPlain, "train.procedure=frontier").empty());  // a study reads none of it
}
