#include "train/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "config/resolve.h"
#include "model/flops.h"
#include "support/error.h"
#include "support/json.h"
#include "train/schedule.h"
#include "train/trial_state.h"

namespace ate {

Identity trial_identity(const Config& config, const TrialId& id) {
  return {
      {"arm", id.arm_name()}, {"seed", std::to_string(id.seed)}, {"experiment", trial_hash(config, id.arm)}};
}

Trial::Trial(const Config& config, TrialId id, at::Device device)
    : config_(arm_config(config, id.arm)),
      id_(std::move(id)),
      identity_(trial_identity(config, id_)),
      state_(std::make_unique<State>(config_, id_, device)) {
  progress_.parameters = state_->model.layout.parameters;
  progress_.flops_per_token = training_flops_per_token(config_, state_->model.plan);
  progress_.leak = state_->evaluator.leak(state_->model.model);
}

Trial::~Trial() = default;

int64_t Trial::updates_in_all() const { return steps_in_all(config_); }

std::string Trial::position() const {
  return fmt::format("epoch {}, step {}", progress_.epoch, progress_.step);
}

double Trial::step() {
  State& s = *state_;
  const int64_t update = progress_.updates;
  const double loss =
      s.step->loss_and_gradients(s.data.step_batches(update / s.data.steps, update % s.data.steps),
                                 s.data.key, static_cast<uint32_t>(update * config_.optimiser.accumulate));
  if (!std::isfinite(loss)) return loss;
  s.step->update(learning_rate(config_, update), update + 1);
  ++progress_.updates;
  return loss;
}

void Trial::set_profile(Profile* profile) { state_->step->set_profile(profile); }

void Trial::advance() {
  evaluated_ = false;
  const double loss = step();
  if (std::isfinite(loss)) {
    count_step(loss);
    return;
  }
  progress_.status = TrainingStatus::diverged;
  progress_.reason = fmt::format("the training loss was {} at epoch {}, step {}", describe_number(loss),
                                 progress_.epoch + 1, progress_.step + 1);
}

void Trial::count_step(double loss) {
  evaluated_ = false;
  progress_.epoch_loss += loss;
  ++progress_.step;
  const bool last = progress_.updates == steps_in_all(config_);
  if (progress_.step == state_->data.steps || last) end_epoch();
  if (evaluates_after(config_, progress_.updates)) measure();
  if (last && !ended()) progress_.status = TrainingStatus::finished;
}

void Trial::end_epoch() {
  progress_.train_losses.push_back(progress_.epoch_loss / static_cast<double>(progress_.step));
  progress_.epoch_loss = 0;
  progress_.step = 0;
  ++progress_.epoch;
}

void Trial::measure() {
  Evaluation evaluation = evaluate();
  evaluated_ = true;
  const double losses[] = {evaluation.loss, evaluation.tune_loss.value_or(0)};
  for (const double loss : losses) {
    if (std::isfinite(loss) || ended()) continue;
    progress_.status = TrainingStatus::diverged;
    progress_.reason =
        fmt::format("the validation loss was {} after {}", describe_number(loss), place_of(evaluation));
  }
  progress_.evaluations.push_back(std::move(evaluation));
  if (ended()) return;
  const ScheduleConfig& schedule = config_.schedule;
  const std::optional<double>& accuracy = progress_.evaluations.back().accuracy;
  if (accuracy && schedule.early_stop_accuracy > 0 && *accuracy >= schedule.early_stop_accuracy)
    progress_.reason = fmt::format("stopped early: an accuracy of {:.4f}, at least {}", *accuracy,
                                   schedule.early_stop_accuracy);
  else if (stops_early(schedule, progress_.validation_losses()))
    progress_.reason = fmt::format("stopped early: {} evaluations gained less than {} nats",
                                   schedule.early_stop_evaluations, schedule.early_stop_gain);
  else
    return;
  progress_.status = TrainingStatus::finished;
}

const Model& Trial::model() const { return state_->model.model; }

Evaluation Trial::evaluate() const {
  const EvaluationConfig& how = config_.evaluation;
  const int64_t draw = evaluation_draw(config_, progress_.updates);
  const Evaluator& evaluator = state_->evaluator;
  Evaluation out = evaluator.evaluate(state_->model.model, draw, how.part);
  out.epoch = progress_.epoch - 1;
  if (how.every_steps > 0) out.updates = progress_.updates;
  if (how.best && how.part == EvaluationPart::test)
    out.tune_loss = evaluator.evaluate(state_->model.model, draw, EvaluationPart::tune).loss;
  return out;
}

std::string Trial::checkpoint() const {
  Identity of = identity_;
  of["progress"] = to_json(progress_).dump();
  return checkpoint_bytes(state_->model.layout, state_->model.arena, config_.optimiser.kind->state,
                          std::move(of));
}

std::string Trial::exported() const {
  Identity of = identity_;
  of.erase("experiment");
  return checkpoint_bytes(state_->model.layout, state_->model.arena, {}, std::move(of));
}

void Trial::restore(const SafetensorsFile& file) {
  read_parameters(file, state_->model.layout, state_->model.arena);
  read_state(file, config_.optimiser.kind->state, state_->model.arena);
  state_->step->parameters_changed();
  progress_ = checkpoint_progress(file);
}

Progress checkpoint_progress(const SafetensorsFile& file) {
  try {
    const nlohmann::ordered_json document = parse_json(file.text("progress"), "progress");
    return progress_from_json(JsonValue(document, "progress"));
  } catch (const Failure& misfit) {
    throw Failure(file.path().string(), std::string("holds no progress of a trial: ") + misfit.what());
  }
}

}  // namespace ate
