#include "train/trial.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/tiny.h"
#include "helpers/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

Progress trained(const Config& config, Arm arm) {
  Trial trial = make_trial(config, arm);
  while (!trial.ended()) trial.advance();
  return trial.progress();
}

}  // namespace

TEST_CASE("a trial counts its steps, epochs and evaluations", "[train]") {
  Config config = tiny_bag();  // three epochs of four steps
  config.schedule.epochs = 4;
  config.evaluation.every = 2;
  Trial trial = make_trial(config, Arm::bespoke);
  CHECK(trial.progress().parameters > 0);
  std::vector<int64_t> evaluated_at;
  int64_t steps = 0;
  while (!trial.ended()) {
    trial.advance();
    ++steps;
    CHECK(trial.progress().updates == steps);
    CHECK(trial.progress().epoch == steps / 4);
    CHECK(trial.progress().step == steps % 4);
    if (trial.measured()) evaluated_at.push_back(steps);
  }
  CHECK(steps == 16);
  CHECK(evaluated_at == std::vector<int64_t>{4, 12, 16});  // after epochs 0, 2 and the last, 3
  CHECK(trial.progress().status == TrainingStatus::finished);
  CHECK(trial.progress().reason.empty());
  CHECK(trial.progress().train_losses.size() == 4);
  REQUIRE(trial.progress().evaluations.size() == 3);
  CHECK(trial.progress().evaluations[1].epoch == 2);
  CHECK(trial.progress().evaluations[2].epoch == 3);
}

TEST_CASE("a trial learns what there is to learn", "[train]") {
  Config config = tiny_bag();
  config.source.exponent = 2;
  config.source.tokens = 4000;
  config.windows.batches_per_epoch = 100;
  const Progress progress = trained(config, Arm::standard);
  const std::vector<double> losses = progress.validation_losses();
  // From about log V + 1/2 with the framework's start to a little above the entropy of 1.3 nats.
  CHECK(losses.back() < 1.6);
  CHECK(losses.back() < losses.front());
  CHECK(progress.train_losses.back() < progress.train_losses.front());
}

TEST_CASE("on a uniform source the loss goes to log V and not below", "[train]") {
  Config config = tiny_encoder();
  config.source.exponent = 0;
  config.source.tokens = 8000;
  config.windows.batches_per_epoch = 60;
  const Evaluation last = trained(config, Arm::bespoke).evaluations.back();
  CHECK(std::abs(last.loss - std::log(20)) < 0.1);
  CHECK(last.loss > std::log(20) - 3 * last.standard_error);
}

TEST_CASE("trials of one seed are the same in any order and on any thread", "[train][threads]") {
  const Config config = tiny_encoder();
  const TrialId ids[] = {{Arm::standard, 0}, {Arm::bespoke, 0}, {Arm::standard, 1}, {Arm::bespoke, 1}};
  std::vector<std::string> serial;
  for (const TrialId& id : ids) {
    Trial trial(config, id, at::Device(at::kCPU));
    serial.push_back(final_state(trial));
  }
  std::vector<std::string> side_by_side(4);
  std::vector<std::thread> threads;
  for (const size_t i : {3, 2, 1, 0})
    threads.emplace_back([&, i] {
      at::set_num_threads(1);
      Trial trial(config, ids[i], at::Device(at::kCPU));
      side_by_side[i] = final_state(trial);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<std::string>(serial.begin(), serial.end()).size() == 4);
  for (size_t i = 0; i < 4; ++i) {
    CAPTURE(ids[i].text());
    const bool equal = side_by_side[i] == serial[i];
    CHECK(equal);
  }
}

TEST_CASE("the causality canary is silent under the mask and loud without it", "[train]") {
  Config config = tiny_encoder();
  CHECK(make_trial(config, Arm::standard).progress().leak == 0);
  CHECK(make_trial(config, Arm::bespoke).progress().leak == 0);
  config.body.causal = false;
  CHECK(make_trial(config, Arm::standard).progress().leak > 0);
  CHECK(make_trial(config, Arm::bespoke).progress().leak > 0);
  CHECK(make_trial(tiny_bag(), Arm::standard).progress().leak == 0);  // its target stands after the window
}

TEST_CASE("a loss that is no number ends the trial and keeps the state before it", "[train]") {
  Config config = tiny_bag();
  config.optimiser.learning_rate = 1e30;
  Trial trial = make_trial(config, Arm::standard);
  std::string before;
  while (!trial.ended()) {
    before = trial.checkpoint();
    trial.advance();
  }
  const Progress& progress = trial.progress();
  CHECK(progress.status == TrainingStatus::diverged);
  CHECK(contains(progress.reason, "the training loss was"));
  CHECK(contains(progress.reason, "at epoch 1, step " + std::to_string(progress.step + 1)));
  CHECK(progress.updates == progress.step);
  const bool kept = arrays_of(trial.checkpoint()) == arrays_of(before);
  CHECK(kept);
}

TEST_CASE("a validation loss that is no number ends the trial, with the evaluation kept", "[train]") {
  Config config = tiny_bag();
  config.optimiser.learning_rate = 1e30;
  config.windows.batches_per_epoch = 1;  // the one update of the epoch is the one that spoils it
  Trial trial = make_trial(config, Arm::standard);
  trial.advance();
  CHECK(trial.measured());
  if (trial.progress().status == TrainingStatus::running) trial.advance();
  CHECK(trial.progress().status == TrainingStatus::diverged);
  CHECK(trial.progress().evaluations.size() == 1);
}

TEST_CASE("the checkpoint of another model is refused", "[train]") {
  Trial other = make_trial(tiny_encoder(), Arm::standard);
  other.advance();
  Config wider = tiny_encoder();
  wider.body.width = 16;
  const std::pair<Config, Arm> others[] = {
      {wider, Arm::standard}, {tiny_encoder(), Arm::bespoke}, {tiny_bag(), Arm::standard}};
  for (const auto& [config, arm] : others) {
    Trial trial = make_trial(config, arm);
    CHECK(contains(complaint_of<Failure>([&] { restore(trial, other.checkpoint()); }), "another model"));
  }
}

TEST_CASE("a checkpoint names its trial and tells its progress without a model", "[train]") {
  Trial trial = make_trial(tiny_encoder(), Arm::bespoke, 7);
  trial.advance();
  const TemporaryFolder folder;
  const SafetensorsFile file(folder.write("x", trial.checkpoint()));
  CHECK(file.metadata().at("arm") == "bespoke");
  CHECK(file.metadata().at("seed") == "7");
  const Progress progress = checkpoint_progress(file);
  CHECK(progress.updates == 1);
  CHECK(progress.parameters == trial.progress().parameters);
  CHECK(to_json(progress) == to_json(trial.progress()));
}

TEST_CASE("a file without a trial's progress is refused", "[train]") {
  const TemporaryFolder folder;
  for (const char* progress : {"", "{}", "nonsense"}) {
    const SafetensorsFile file(folder.write("x", safetensors_bytes({}, {{"progress", progress}})));
    CHECK(contains(complaint_of<Failure>([&] { checkpoint_progress(file); }), "no progress"));
  }
  const SafetensorsFile none(folder.write("y", safetensors_bytes({}, {})));
  CHECK(contains(complaint_of<Failure>([&] { checkpoint_progress(none); }), "no progress"));
}

TEST_CASE("a trial whose bands are empty is refused before it starts", "[train]") {
  Config config = tiny_bag();
  config.bands.high = 0;
  CHECK(contains(complaint_of<BadInput>([&] { make_trial(config, Arm::bespoke); }), "/bands/high"));
  CHECK_NOTHROW(make_trial(config, Arm::standard));  // which has no bands
}

TEST_CASE("a trial of so many steps ends inside an epoch, with an evaluation", "[train]") {
  Config config = tiny_bag();  // epochs of four steps
  config.schedule.steps = 10;
  config.schedule.decay = Decay::cosine;
  const Progress whole = trained(config, Arm::standard);
  CHECK(whole.updates == 10);
  CHECK(whole.epoch == 3);
  CHECK(whole.status == TrainingStatus::finished);
  CHECK(whole.train_losses.size() == 3);
  REQUIRE(whole.evaluations.size() == 3);
  // As many steps as the epochs have are the epochs.
  config.schedule.steps = 12;
  const Progress as_epochs = trained(config, Arm::standard);
  config.schedule.steps = 0;
  CHECK(as_epochs.validation_losses() == trained(config, Arm::standard).validation_losses());
  CHECK(as_epochs.train_losses == trained(config, Arm::standard).train_losses);
  // The mean of a part of an epoch is over its steps: the first epochs are the same, the last is of the same size.
  CHECK(whole.train_losses[0] == as_epochs.train_losses[0]);
  CHECK(std::abs(whole.train_losses[2] - as_epochs.train_losses[2]) < 0.5);
}

TEST_CASE(
    "evaluations by steps fall inside epochs, each on windows of its own, and the last after the last step",
    "[train]") {
  Config config = tiny_encoder();
  config.schedule.epochs = 3;
  config.evaluation.every_steps = 5;
  config.evaluation.windows = EvaluationWindows::sampled;
  Trial trial = make_trial(config, Arm::standard);
  while (!trial.ended()) {
    trial.advance();
    const int64_t updates = trial.progress().updates;
    CHECK(trial.measured() == (updates % 5 == 0 || updates == 12));
  }
  std::vector<int64_t> updates;
  std::vector<int64_t> epochs;
  std::set<double> losses;
  for (const Evaluation& e : trial.progress().evaluations) {
    updates.push_back(e.updates);
    epochs.push_back(e.epoch);
    losses.insert(e.loss);
  }
  CHECK(updates == std::vector<int64_t>{5, 10, 12});
  CHECK(epochs == std::vector<int64_t>{0, 1, 2});  // of the epoch that was completed last
  CHECK(losses.size() == 3);
  CHECK(trial.progress().train_losses.size() == 3);
  CHECK(trial.status() == TrainingStatus::finished);
}

TEST_CASE("how often the loss is taken changes no parameter", "[train]") {
  Config config = tiny_encoder();
  const auto parameters = [&](int64_t every_steps) {
    config.evaluation.every_steps = every_steps;
    Trial trial = make_trial(config, Arm::bespoke);
    return arrays_of(final_state(trial));
  };
  const bool equal = parameters(0) == parameters(1);
  CHECK(equal);
}

TEST_CASE("the tune part is scored beside the test part, and the best evaluation is where its loss is lowest",
          "[train]") {
  Config config = tiny_encoder();
  config.evaluation.tune_share = 0.5;
  config.evaluation.every_steps = 2;
  config.optimiser.learning_rate = 0.2;  // overfits or wanders: the last is not the best
  const auto evaluations = [&](EvaluationPart part, bool best) {
    config.evaluation.part = part;
    config.evaluation.best = best;
    Trial trial = make_trial(config, Arm::standard);
    while (!trial.ended()) trial.advance();
    return trial.progress().evaluations;
  };
  const std::vector<Evaluation> both = evaluations(EvaluationPart::test, true);
  const std::vector<Evaluation> test = evaluations(EvaluationPart::test, false);
  const std::vector<Evaluation> tune = evaluations(EvaluationPart::tune, false);
  REQUIRE(both.size() == 6);
  for (size_t i = 0; i < both.size(); ++i) {
    CHECK(both[i].loss == test[i].loss);
    CHECK(both[i].tune_loss == tune[i].loss);
    CHECK(!test[i].tune_loss);
  }
  const Evaluation* const best = best_by_tuning(both);
  REQUIRE(best != nullptr);
  for (const Evaluation& e : both) CHECK(*best->tune_loss <= *e.tune_loss);
  CHECK(best_by_tuning(test) == nullptr);
  // A trial that is scored on the tune part, as in tuning, has nothing to choose by.
  CHECK(best_by_tuning(evaluations(EvaluationPart::tune, true)) == nullptr);
}

TEST_CASE("a trial that stops early inside an epoch is finished there", "[train]") {
  Config config = tiny_bag();
  config.schedule.epochs = 20;
  config.evaluation.every_steps = 3;
  config.schedule.early_stop_evaluations = 2;
  config.schedule.early_stop_gain = 100;
  Trial trial = make_trial(config, Arm::standard);
  while (!trial.ended()) trial.advance();
  CHECK(trial.progress().updates == 9);
  CHECK(trial.status() == TrainingStatus::finished);
  CHECK(contains(trial.reason(), "stopped early"));
}
