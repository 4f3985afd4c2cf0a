// Trials in a stack: the reference's numbers to rounding, their own in the same bits, and no trial touches
// another.
#include "train/trial_stack.h"

#include <limits>

#include "catch.h"
#include "config/kernels.h"
#include "helpers/arms.h"
#include "helpers/errors.h"
#include "helpers/stack_rig.h"
#include "helpers/trials.h"
#include "train/optimiser.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
const std::vector<TrialId> kIds = {{Arm::standard, 0},    {Arm::bespoke, 0},
                                   {Arm::bespoke, 1},     {Arm::random_band, 0},
                                   {Arm("mixed_dim"), 2}, {Arm("uniform_projected"), 0}};

Config settings() {
  Config config = config_for_all_arms();
  config.kernels = KernelKind::reference;
  return config;
}

using Trials = std::vector<std::unique_ptr<Trial>>;

Trials make_trials(const Config& config, const std::vector<TrialId>& ids = kIds) {
  Trials trials;
  for (const TrialId& id : ids) trials.push_back(std::make_unique<Trial>(config, id, at::Device(at::kCPU)));
  return trials;
}

TrialStack stack_of(const Config& config, const Trials& trials) {
  std::vector<Trial*> all;
  for (const auto& trial : trials) all.push_back(trial.get());
  return {config, all, at::Device(at::kCPU)};
}

bool never() { return false; }
bool always() { return true; }

// The largest difference of any parameter or moment of two checkpoints. The biases of keys are left out: they
// shift all scores of a query alike, so their gradient is rounding alone, which Adam divides by its own size.
double largest(const std::string& a, const std::string& b) {
  const auto ours = arrays_of(a);
  const auto theirs = arrays_of(b);
  double out = ours.size() == theirs.size() ? 0 : std::nan("");
  for (const auto& [name, bytes] : ours) {
    at::Tensor difference = (at::tensor(floats_of(bytes)) - at::tensor(floats_of(theirs.at(name)))).abs_();
    if (contains(name, "in_proj_bias")) difference.chunk(3)[1].zero_();
    out = std::max(out, difference.max().item<double>());
  }
  return out;
}

void train(TrialStack& stack, const Trials& trials, bool (*pause)() = never) {
  while (!trials[0]->ended()) REQUIRE(stack.advance(kNoLimit, pause).empty());
}

}  // namespace

TEST_CASE("trials in a stack end where each ends alone, to rounding", "[train]") {
  for (const OptimiserKind kind : {OptimiserKind::adam, OptimiserKind::adamw}) {
    Config config = settings();
    config.optimiser.kind = kind;
    config.optimiser.clip_norm = kind == OptimiserKind::adam ? 0 : 1;
    const Trials stacked = make_trials(config);
    TrialStack stack = stack_of(config, stacked);
    train(stack, stacked);
    const Trials alone = make_trials(config);
    for (size_t r = 0; r < alone.size(); ++r) {
      while (!alone[r]->ended()) alone[r]->advance();
      const Progress& ours = stacked[r]->progress();
      const Progress& theirs = alone[r]->progress();
      CAPTURE(kIds[r].text(), largest(stacked[r]->checkpoint(), alone[r]->checkpoint()));
      CHECK(ours.status == TrainingStatus::finished);
      CHECK(ours.updates == theirs.updates);
      REQUIRE(ours.train_losses.size() == theirs.train_losses.size());
      for (size_t i = 0; i < ours.train_losses.size(); ++i)
        CHECK(std::abs(ours.train_losses[i] - theirs.train_losses[i]) < 1e-5);
      REQUIRE(ours.evaluations.size() == theirs.evaluations.size());
      CHECK(std::abs(ours.evaluations.back().loss - theirs.evaluations.back().loss) < 1e-5);
      CHECK(largest(stacked[r]->checkpoint(), alone[r]->checkpoint()) < 1e-4);
    }
  }
}

TEST_CASE("a stack in bf16 learns what it learns in float, and evaluates in float", "[train]") {
  const auto trained = [](Dtype dtype, bool still = false) {
    Config config = settings();
    config.dtype = dtype;
    if (still) config.optimiser.learning_rate = 0;
    Trials trials = make_trials(config);
    TrialStack stack = stack_of(config, trials);
    train(stack, trials);
    std::vector<Progress> out;
    for (const auto& trial : trials) out.push_back(trial->progress());
    return out;
  };
  const std::vector<Progress> in_float = trained(Dtype::fp32);
  const std::vector<Progress> in_bf16 = trained(Dtype::bf16);
  for (size_t r = 0; r < in_float.size(); ++r) {
    CAPTURE(kIds[r].text());
    const double loss = in_float[r].evaluations.back().loss;
    const double rounded = in_bf16[r].evaluations.back().loss;
    CHECK(rounded != loss);
    CHECK(std::abs(rounded - loss) < 0.02);
  }
  // A model that stands still has the same evaluation in both, whatever its training losses are.
  const std::vector<Progress> still_in_float = trained(Dtype::fp32, true);
  const std::vector<Progress> still_in_bf16 = trained(Dtype::bf16, true);
  for (size_t r = 0; r < in_float.size(); ++r) {
    CHECK(still_in_bf16[r].evaluations.back().loss == still_in_float[r].evaluations.back().loss);
    CHECK(still_in_bf16[r].train_losses != still_in_float[r].train_losses);
  }
}

TEST_CASE("a stack paused and resumed at any step ends in the same bits", "[train]") {
  const Config config = settings();
  const std::vector<TrialId> ids = {kIds[0], kIds[1], kIds[4]};
  const Trials whole = make_trials(config, ids);
  {
    TrialStack stack = stack_of(config, whole);
    train(stack, whole);
  }
  // Paused after each step, and restored into new trials after each of them.
  std::vector<std::string> states;
  for (const auto& trial : make_trials(config, ids)) states.push_back(trial->checkpoint());
  for (bool ended = false; !ended;) {
    const Trials part = make_trials(config, ids);
    for (size_t r = 0; r < part.size(); ++r) restore(*part[r], states[r]);
    TrialStack stack = stack_of(config, part);
    REQUIRE(stack.advance(kNoLimit, always).empty());
    for (size_t r = 0; r < part.size(); ++r) states[r] = part[r]->checkpoint();
    ended = part[0]->ended();
  }
  for (size_t r = 0; r < ids.size(); ++r) {
    CAPTURE(ids[r].text());
    const bool equal = states[r] == whole[r]->checkpoint();
    CHECK(equal);
  }
}

TEST_CASE("a stack goes as far as it is told", "[train]") {
  const Config config = settings();
  const Trials trials = make_trials(config, {kIds[0], kIds[1]});
  TrialStack stack = stack_of(config, trials);
  stack.advance(3, never);
  CHECK(trials[0]->progress().updates == 3);
  CHECK(trials[1]->progress().step == 3);
  stack.advance(kNoLimit, never);
  CHECK(trials[1]->progress().epoch == 1);
  CHECK(trials[1]->progress().step == 0);
  CHECK(trials[1]->measured());
  CHECK(trials[1]->progress().evaluations.size() == 1);
}

TEST_CASE("a trial whose stack is gone goes on alone", "[train]") {
  const Config config = settings();
  const Trials trials = make_trials(config, {kIds[0], kIds[1]});
  {
    TrialStack stack = stack_of(config, trials);
    stack.advance(2, never);
  }
  const std::string state = trials[1]->checkpoint();
  Trial other = make_trial(config, Arm::bespoke);
  restore(other, state);
  const bool same_start = other.checkpoint() == state;
  CHECK(same_start);
  while (!trials[1]->ended()) trials[1]->advance();
  while (!other.ended()) other.advance();
  const bool equal = trials[1]->checkpoint() == other.checkpoint();
  CHECK(equal);
  const bool untouched = trials[0]->progress().updates == 2;
  CHECK(untouched);
}

TEST_CASE("a trial that diverges leaves its stack as it was, finds where alone, and touches no other",
          "[train]") {
  const Config config = settings();
  const std::vector<TrialId> ids = {kIds[0], kIds[1], kIds[2]};
  const Trials trials = make_trials(config, ids);
  const Trials healthy = make_trials(config, ids);
  std::string ill;
  {
    // The first step is sound, and throws the parameters so far that the second is not.
    Config wild = config;
    wild.optimiser.learning_rate = 1e30;
    Trial trial = make_trial(wild, Arm::bespoke);
    trial.advance();
    ill = trial.checkpoint();
  }
  for (const Trials* all : {&trials, &healthy})
    for (const auto& trial : *all) trial->advance();
  restore(*trials[1], ill);
  REQUIRE(trials[1]->progress().updates == 1);

  TrialStack stack = stack_of(config, trials);
  TrialStack other = stack_of(config, healthy);
  const std::vector<Trial*> gone = stack.advance(kNoLimit, never);
  REQUIRE(other.advance(kNoLimit, never).empty());
  REQUIRE(gone.size() == 1);
  CHECK(gone[0] == trials[1].get());
  const bool as_it_was = arrays_of(trials[1]->checkpoint()) == arrays_of(ill);
  CHECK(as_it_was);
  for (const size_t r : {size_t{0}, size_t{2}}) {
    const bool equal = trials[r]->checkpoint() == healthy[r]->checkpoint();
    CHECK(equal);
    CHECK(trials[r]->progress().epoch == 1);
  }
  while (!trials[1]->ended()) trials[1]->advance();
  CHECK(trials[1]->progress().status == TrainingStatus::diverged);
  CHECK(contains(trials[1]->progress().reason, "nan at epoch 1, step 2"));
  const bool kept = arrays_of(trials[1]->checkpoint()) == arrays_of(ill);
  CHECK(kept);
}

TEST_CASE("a stack's update is each model's own, and what fills up its rows stays zero", "[train]") {
  Config config = settings();
  config.optimiser.weight_decay = 0.1;
  config.optimiser.own.set("momentum", 0.9);
  for (const OptimiserKind kind : {OptimiserKind::adam, OptimiserKind::adamw, OptimiserKind::sgd})
    for (const double clip_norm : {0.0, 0.5}) {
      config.optimiser.kind = kind;
      config.optimiser.clip_norm = clip_norm;
      config.optimiser.decayed = clip_norm > 0 ? Decayed::matrices : Decayed::all;
      const std::vector<StackRig::Part> parts = {
          {Arm::standard, {1, 0}}, {Arm("uniform_projected"), {2, 0}}, {Arm::bespoke, {3, 0}, true}};
      const StackRig rig(config, parts, at::kFloat);
      for (int64_t i = 1; i <= 4; ++i) {
        rig.run(rig.windows(static_cast<uint32_t>(i)), i);
        for (size_t r = 0; r < parts.size(); ++r) {
          rig.alone[r]->arena.gradients.copy_(rig.arena(r).gradients);
          update(config.optimiser, rig.alone[r]->layout, rig.alone[r]->arena, 0.01, i);
        }
        update(config.optimiser, rig.alone[0]->layout, *rig.arrays, at::full({}, 0.01, at::kFloat),
               at::full({}, static_cast<double>(i), at::kFloat),
               decay_mask(rig.replicas, *rig.arrays, config.optimiser.decayed));
        for (size_t r = 0; r < parts.size(); ++r) {
          CAPTURE(enum_name(kind), clip_norm, i, r);
          CHECK(largest_difference(rig.arena(r).parameters, rig.alone[r]->arena.parameters) < 1e-6);
        }
      }
      const Arena& all = *rig.arrays;
      std::vector<at::Tensor> kept = all.state;
      kept.push_back(all.parameters);
      for (const at::Tensor& rows : kept) {
        CHECK(rows.abs().max().item<double>() > 0);
        for (size_t r = 0; r < parts.size(); ++r) {
          at::Tensor own = rows[static_cast<int64_t>(r)].narrow(0, rows.size(1) - rig.alone[r]->layout.size,
                                                                rig.alone[r]->layout.size);
          for (const ParameterTensor& tensor : rig.alone[r]->layout.tensors) Rig::part(own, tensor).zero_();
        }
        CHECK(rows.abs().max().item<double>() == 0);
      }
    }
}

TEST_CASE("an optimiser that updates one model at a time is refused in stacks", "[train]") {
  Config config = settings();
  CHECK(why_not_stacked(config, Arm::standard).empty());
  config.optimiser.kind = OptimiserKind::muon;
  CHECK(why_not_stacked(config, Arm::standard) == "muon updates one model at a time");
}
