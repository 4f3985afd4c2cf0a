// Trials on sources that ask: what an evaluation says, and that they learn and resume.
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/arms.h"
#include "helpers/errors.h"
#include "helpers/examples.h"
#include "helpers/rig.h"
#include "helpers/tiny.h"
#include "helpers/trials.h"
#include "support/json.h"
#include "train/evaluation.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config asked(const char* kind, const std::vector<std::pair<const char*, SettingValue>>& own = {}) {
  Config config = tiny_encoder();
  config.source = asking(kind, 12, 16, 400, own);
  config.source.train_share = 0.75;
  config.windows = {16, 8, 20};
  config.body.width = 16;
  config.body.init = Init::framework;
  config.body.dropout = 0;
  config.optimiser.weight_decay = 0;
  config.optimiser.learning_rate = 5e-3;
  config.schedule.epochs = 2;
  return config;
}

}  // namespace

TEST_CASE("an evaluation scores the answers asked for, and their accuracy", "[train]") {
  for (const char* kind : {"mqar", "induction", "copy", "aggregate"}) {
    CAPTURE(kind);
    Config config = asked(kind);
    config.source.own.set("copied", int64_t{4});
    const TrialData data(config, {Arm::standard, 2});
    Rig rig(config, Arm::standard, shuffled_bands(config), at::kFloat);
    rig.initialise({3, 0});
    const Evaluation found = Evaluator(data, at::kCPU).evaluate(rig.model, 0, EvaluationPart::test);

    // By hand, from the logits of every position of the 100 validation examples.
    double loss = 0, right = 0, targets = 0;
    std::vector<double> at_position(16), count(16);
    for (int64_t example = 300; example < 400; ++example) {
      const Example e = example_at(data.corpus, example * 16, 16);
      const at::Tensor logits = rig.model.logits(at::tensor(e.tokens).view({1, 16})).log_softmax(-1)[0];
      for (size_t t = 0; t < 16; ++t) {
        if (e.answers[t] == kNotAsked) continue;
        const at::Tensor row = logits[static_cast<int64_t>(t)];
        const double own = -row[e.answers[t]].item<double>();
        loss += own;
        at_position[t] += own;
        ++count[t];
        ++targets;
        right += row.argmax().item<int64_t>() == e.answers[t];
      }
    }
    CHECK(found.targets == static_cast<int64_t>(targets));
    CHECK(std::abs(found.loss - loss / targets) < 1e-5);
    REQUIRE(found.accuracy);
    CHECK(*found.accuracy == right / targets);
    REQUIRE(found.excess);  // the law is certain: all of the loss is in excess of it
    CHECK(std::abs(*found.excess - found.loss) < 1e-5);
    REQUIRE(found.by_position.size() == 16);
    for (size_t t = 0; t < 16; ++t) {
      if (count[t] == 0) {
        CHECK(std::isnan(found.by_position[t]));
      } else {
        CHECK(std::abs(found.by_position[t] - at_position[t] / count[t]) < 1e-5);
      }
    }
  }
}

TEST_CASE("a trial on a source that asks resumes in the same bits, with its accuracies", "[train]") {
  const Config config = asked("mqar", {{"pairs", int64_t{2}}});
  Trial straight = make_trial(config, Arm::bespoke);
  const std::vector<std::string> states = all_states(straight);
  REQUIRE(straight.progress().evaluations.back().accuracy);
  Trial resumed = make_trial(config, Arm::bespoke);
  restore(resumed, states[states.size() - 2]);
  resumed.advance();
  CHECK(resumed.checkpoint() == states.back());
  CHECK(straight.progress().leak == 0);
}

TEST_CASE("attention learns to look a key up", "[train]") {
  Config config = asked("induction");
  config.body.width = 32;
  config.body.norm = Norm::pre;
  config.windows.batches_per_epoch = 100;
  config.windows.batch = 16;
  config.schedule.epochs = 12;
  config.source.tokens = 16 * 8000;
  config.schedule.decay = Decay::constant;
  Trial trial = make_trial(config, Arm::standard);
  while (!trial.ended()) trial.advance();
  const std::vector<Evaluation>& evaluations = trial.progress().evaluations;
  CHECK(*evaluations.front().accuracy < 0.5);
  CHECK(*evaluations.back().accuracy > 0.9);
}

TEST_CASE("a trial ends at the first evaluation with the accuracy asked for", "[train]") {
  Config config = asked("mqar", {{"pairs", int64_t{2}}});
  config.schedule.epochs = 6;
  config.evaluation.every = 1;
  Trial whole = make_trial(config, Arm::standard);
  while (!whole.ended()) whole.advance();
  double best = 0;
  std::vector<double> reached;  // accuracies above all before them
  std::vector<int64_t> after;
  for (const Evaluation& e : whole.progress().evaluations)
    if (*e.accuracy > best) {
      best = *e.accuracy;
      reached.push_back(best);
      after.push_back(e.epoch);
    }
  REQUIRE(!reached.empty());
  for (size_t i = 0; i < reached.size(); ++i) {
    config.schedule.early_stop_accuracy = reached[i];
    Trial trial = make_trial(config, Arm::standard);
    while (!trial.ended()) trial.advance();
    CHECK(trial.progress().evaluations.back().epoch == after[i]);
    CHECK(trial.status() == TrainingStatus::finished);
    CHECK(contains(trial.reason(), "stopped early: an accuracy of"));
  }
}

TEST_CASE("accuracy is in the progress of sources that ask alone", "[train]") {
  Progress progress;
  Evaluation evaluation;
  evaluation.by_position = {1, std::nan("")};
  progress.evaluations = {evaluation, evaluation};
  progress.evaluations[1].accuracy = 0.25;
  const nlohmann::ordered_json document = nlohmann::ordered_json::parse(to_json(progress).dump());
  CHECK(!document["evaluations"][0].contains("accuracy"));
  CHECK(document["evaluations"][1]["accuracy"] == 0.25);
  const Progress back = progress_from_json(JsonValue(document, "progress"));
  CHECK(!back.evaluations[0].accuracy);
  CHECK(back.evaluations[1].accuracy == 0.25);
  CHECK(std::isnan(back.evaluations[1].by_position[1]));
}
