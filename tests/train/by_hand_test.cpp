// A trial is its documented parts put together, and nothing else: windows, model, update and evaluation
// called one by one give the same bits. This pins down which random numbers a trial uses, and so that arms of
// one seed share them.
#include <cmath>
#include <cstring>

#include "catch.h"
#include "config/derived.h"
#include "data/windows.h"
#include "helpers/arms.h"
#include "helpers/rig.h"
#include "helpers/trials.h"
#include "support/hash.h"
#include "train/batch_means.h"
#include "train/optimiser.h"
#include "train/schedule.h"

using namespace ate;
using namespace ate::testing;

namespace {

class ByHand {
 public:
  ByHand(const Config& config, Arm arm, RandomKey key, RandomKey init_key)
      : config_(config),
        key_(key),
        corpus_(make_corpus(config.source, key.seed)),
        rig_(config, plan_embedding(config, arm, corpus_, key.seed), at::kFloat) {
    rig_.initialise(init_key);
  }

  void train() {
    const int64_t steps = steps_per_epoch(config_);
    uint32_t updates = 0;
    for (int64_t epoch = 0; epoch < config_.schedule.epochs; ++epoch) {
      double sum = 0;
      for (int64_t step = 0; step < steps; ++step, ++updates) {
        rig_.arena.gradients.zero_();
        const at::Tensor windows = gather(training_windows(config_, corpus_, key_, epoch, step));
        const TrainingLoss loss = rig_.model.training_loss(windows, key_, updates);
        loss.backward();
        sum += loss.value();
        update(config_.optimiser, rig_.layout, rig_.arena, learning_rate(config_, updates), updates + 1);
      }
      train_losses_.push_back(sum / static_cast<double>(steps));
    }
  }
  const std::vector<double>& train_losses() const { return train_losses_; }

  // Every loss of the evaluation after `epoch`, in double: [windows, targets].
  at::Tensor losses(int64_t epoch) const {
    const at::NoGradGuard no_grad;
    return rig_.model.losses(gather(evaluation_windows(config_, corpus_, key_, epoch))).to(at::kDouble);
  }

  void check_equals(const std::string& checkpoint) const {
    const auto arrays = arrays_of(checkpoint);
    for (const ParameterTensor& tensor : rig_.layout.tensors) {
      const at::Tensor part = Rig::part(rig_.arena.parameters, tensor).contiguous();
      check_bytes(arrays, tensor.name, part);
    }
    check_bytes(arrays, "adam.first_moment", rig_.arena.state[0]);
    check_bytes(arrays, "adam.second_moment", rig_.arena.state[1]);
    CHECK(arrays.size() == rig_.layout.tensors.size() + 2);
  }

 private:
  static void check_bytes(const std::map<std::string, std::string>& arrays, const std::string& name,
                          const at::Tensor& expected) {
    const bool equal =
        arrays.at(name) ==
        std::string_view(static_cast<const char*>(expected.const_data_ptr()), expected.nbytes());
    CAPTURE(name);
    CHECK(equal);
  }

  at::Tensor gather(const WindowStarts& starts) const {
    std::vector<int64_t> tokens;
    for (const int64_t start : starts)
      for (int64_t t = 0; t <= config_.windows.length; ++t)
        tokens.push_back(corpus_.tokens.at(static_cast<size_t>(start + t)));
    return at::tensor(tokens, at::kLong).view({-1, config_.windows.length + 1});
  }

  Config config_;
  RandomKey key_;
  Corpus corpus_;
  Rig rig_;
  std::vector<double> train_losses_;
};

void check_same(Config config, Arm arm, RandomKey key, RandomKey init_key) {
  config.kernels = KernelKind::reference;
  Trial trial = make_trial(config, arm, key.seed);
  const std::string checkpoint = final_state(trial);
  ByHand by_hand(config, arm, key, init_key);
  by_hand.train();
  by_hand.check_equals(checkpoint);
  CHECK(trial.progress().train_losses == by_hand.train_losses());

  const Evaluation& last = trial.progress().evaluations.back();
  const at::Tensor losses = by_hand.losses(config.schedule.epochs - 1);
  CHECK(last.targets == losses.numel());
  CHECK(std::abs(last.loss - losses.mean().item<double>()) < 1e-6);
  const at::Tensor in_order = losses.to(at::kDouble).contiguous();
  BatchMeans means(losses.numel(), losses.size(1));
  for (int64_t i = 0; i < losses.numel(); ++i) means.add(in_order.const_data_ptr<double>()[i]);
  CHECK(std::abs(last.standard_error - means.standard_error()) < 1e-6);
  REQUIRE(static_cast<int64_t>(last.by_position.size()) == losses.size(1));
  for (int64_t i = 0; i < losses.size(1); ++i)
    CHECK(std::abs(last.by_position[static_cast<size_t>(i)] - losses.select(1, i).mean().item<double>()) <
          1e-6);
}

void check_same(const Config& config, Arm arm, RandomKey key) { check_same(config, arm, key, key); }

}  // namespace

TEST_CASE("both arms of a seed train on the common random numbers of stream 0", "[train]") {
  for (const Arm& arm : {Arm::standard, Arm::bespoke})
    for (const uint32_t seed : {0U, 5U}) {
      check_same(tiny_bag(), arm, {seed, 0});
      check_same(tiny_encoder(), arm, {seed, 0});
    }
}

TEST_CASE("all arms of a seed train on the same windows and masks; only aa starts elsewhere", "[train]") {
  for (const Arm& arm : all_arms()) {
    CAPTURE(enum_name(arm));
    const RandomKey init_key = {5, arm == Arm::aa ? hash32("aa") | 1U : 0};
    check_same(config_for_all_arms(), arm, {5, 0}, init_key);
  }
}

TEST_CASE("unpaired arms train on streams of their own, named by the arm, over the same corpus", "[train]") {
  Config config = tiny_encoder();
  config.study.paired = false;
  config.evaluation.windows = EvaluationWindows::sampled;
  check_same(config, Arm::standard, {3, hash32("standard") | 1U});
  check_same(config, Arm::bespoke, {3, hash32("bespoke") | 1U});
}

TEST_CASE("an evaluation of more windows than are scored at a time is their mean", "[train]") {
  Config config = tiny_encoder();
  config.source.tokens = 4000;  // 166 windows of 6
  check_same(config, Arm::standard, {1, 0});
}
