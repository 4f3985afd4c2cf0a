// Where answers are asked for, loss and gradient are over them alone, and the head is computed only there.
#include "model/scored.h"

#include "catch.h"
#include "config/derived.h"
#include "config/kernels.h"
#include "helpers/arms.h"
#include "helpers/examples.h"
#include "helpers/rig.h"
#include "model/flops.h"
#include "train/data.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kAskedKey = {5, 0};

Config asked_encoder() {
  Config config = tiny_encoder();
  config.windows.length = 12;
  config.source = asking("mqar", 20, 12, 40, {{"pairs", int64_t{2}}});
  config.body.init = Init::framework;
  return config;
}

at::Tensor asked_windows(const Config& config) {
  const Corpus corpus = make_corpus(config.source, 1);
  return read_windows(corpus, std::vector<int64_t>{0, 12, 36, 60}, 12);
}

}  // namespace

TEST_CASE("a window of a source that asks is its tokens and its answers", "[model]") {
  const Config config = asked_encoder();
  CHECK(window_columns(config) == 24);
  CHECK(window_columns(tiny_encoder()) == 7);
  const at::Tensor windows = asked_windows(config);
  REQUIRE(windows.size(1) == 24);
  const Scored scored = scored_of(windows, 12, 12, true);
  REQUIRE(scored.targets.numel() == 8);
  for (int64_t i = 0; i < 8; ++i) {
    const auto row = scored.rows[i].item<int64_t>();
    CHECK(windows[row / 12][12 + row % 12].item<int64_t>() == scored.targets[i].item<int64_t>());
  }
  const Scored every = scored_of(windows, 12, 12, false);  // a stream's: the tokens one further
  CHECK(!every.rows.defined());
  CHECK(every.targets.numel() == 48);
}

TEST_CASE("loss and gradient over the answers are those of a head over all positions, masked", "[model]") {
  for (const Arm& arm : {Arm::standard, Arm::bespoke, Arm::tied}) {
    CAPTURE(arm.name);
    Config config = asked_encoder();
    config.body.dropout = 0;
    Rig rig(config, arm, shuffled_bands(config), at::kDouble);
    rig.initialise(kAskedKey);
    const at::Tensor windows = asked_windows(config);
    const double loss = rig.model.training_loss(windows, kAskedKey, 0).backward();
    const at::Tensor gradients = rig.arena.gradients.clone();
    REQUIRE(gradients.norm().item<double>() > 0.01);

    rig.arena.gradients.zero_();
    const at::Tensor answers = windows.narrow(1, 12, 12).reshape({-1});
    const at::Tensor logits = rig.model.logits(windows.narrow(1, 0, 12)).flatten(0, 1);
    const at::Tensor masked = at::cross_entropy_loss(logits, answers, {}, at::Reduction::Mean, kNotAsked);
    masked.backward();
    CHECK(std::abs(loss - masked.item<double>()) < 1e-12);
    CHECK(largest_difference(gradients, rig.arena.gradients) < 1e-12);
    CHECK(rig.model.losses(windows).numel() == 8);
    CHECK(std::abs(rig.model.losses(windows).mean().item<double>() - loss) < 1e-12);
    CHECK(rig.model.scored_logits(windows.narrow(1, 0, 12), scored_of(windows, 12, 12, true).rows).size(0) ==
          8);
  }
}

TEST_CASE("the head costs what is asked for", "[model]") {
  const Config config = asked_encoder();
  Config every = config;
  every.source = source_of(SourceKind::zipf_iid, 20, 1, 480);
  const auto flops = [](const Config& c) {
    return training_flops_per_token(c, plan_embedding(c, Arm::standard, shuffled_bands(c)));
  };
  // 2 d V for each of 12 positions, or of the 2 answers.
  CHECK(flops(every) - flops(config) == 3 * 2 * 8 * 20 * (12 - 2) / 12.0);
}

TEST_CASE("fused kernels and stacks say that they cannot score some positions alone", "[model]") {
  Config config = asked_encoder();
  CHECK(why_not_fused(tiny_encoder()).empty());
  CHECK(why_not_fused(config) == "the fused kernels score every token, and mqar asks for some answers");
  CHECK(chosen_kernels(config) == KernelKind::reference);
  CHECK(why_not_stacked(config, Arm::standard) ==
        "a stack scores every token, and mqar asks for some answers");
  config.kernels = KernelKind::fused;
  REQUIRE(check_kernels(config).size() == 1);
}
