#include "train/trial.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "data/corpus.h"
#include "data/windows.h"
#include "model/flops.h"
#include "model/model.h"
#include "support/error.h"
#include "support/hash.h"
#include "train/optimiser.h"
#include "train/safetensors.h"
#include "train/schedule.h"

namespace ate {
namespace {

constexpr int64_t kEvaluationBatch = 64;  // windows scored at a time; does not change the result's meaning

// Paired arms share their random numbers; unpaired ones each have a stream of their own, named by the arm.
RandomKey trial_key(const Config& config, const TrialId& id) {
  const std::string arm = id.arm_name();
  const uint32_t stream = config.study.paired ? 0 : hash32(arm) | 1U;
  return {static_cast<uint32_t>(id.seed), stream};
}

// The control aa shares all but its start with standard.
RandomKey init_key(const Config& config, const TrialId& id) {
  RandomKey key = trial_key(config, id);
  if (id.arm == Arm::aa) key.stream = hash32(id.arm_name()) | 1U;
  return key;
}

at::Tensor noise_tensor(const Config& config, const EmbeddingPlan& plan, RandomKey key, at::Device device) {
  if (plan.noise_rows == 0) return {};
  const std::vector<float> rows = noise_rows(plan.noise_rows, config.body.width, config.body.init, key);
  return at::tensor(rows).view({plan.noise_rows, config.body.width}).to(device);
}

void fill(at::Tensor& flat, const float* values, size_t bytes) {
  at::Tensor host = at::empty(flat.sizes(), at::kFloat);
  std::memcpy(host.mutable_data_ptr<float>(), values, bytes);
  flat.copy_(host);
}

std::string_view bytes_of(const at::Tensor& host) {
  return {static_cast<const char*>(host.const_data_ptr()), host.nbytes()};
}

}  // namespace

struct Trial::State {
  State(const Config& config, const TrialId& id, at::Device device)
      : key(trial_key(config, id)),
        corpus(make_corpus(config.source, id.seed)),
        plan(plan_embedding(config, id.arm, corpus, id.seed)),
        layout(make_layout(config, plan)),
        arena(layout, at::TensorOptions(at::kFloat).device(device)),
        model(config, plan, layout, arena, noise_tensor(config, plan, key, device)),
        steps(steps_per_epoch(config)) {
    std::vector<float> start;
    initialise(layout, config.body.init, init_key(config, id), start);
    fill(arena.parameters, start.data(), start.size() * sizeof(float));
  }

  // The windows that start at starts[first] and on, each with its target: [count, T + 1] on the device.
  at::Tensor gather(const WindowStarts& starts, int64_t first, int64_t count, int64_t length) const {
    at::Tensor windows = at::empty({count, length + 1}, at::kLong);
    auto* out = windows.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < count; ++i) {
      const auto from = corpus.tokens.begin() + starts[static_cast<size_t>(first + i)];
      out = std::copy(from, from + length + 1, out);
    }
    return windows.to(arena.parameters.device());
  }

  RandomKey key;
  Corpus corpus;
  EmbeddingPlan plan;
  Layout layout;
  Arena arena;
  Model model;
  int64_t steps;
};

Trial::Trial(const Config& config, TrialId id, at::Device device)
    : config_(config), id_(id), state_(std::make_unique<State>(config, id, device)) {
  progress_.parameters = state_->layout.parameters;
  progress_.flops_per_token = training_flops_per_token(config, state_->plan);
  progress_.leak = leak();
}

Trial::~Trial() = default;

void Trial::advance() {
  State& s = *state_;
  evaluated_ = false;
  const WindowStarts starts = training_windows(config_, s.corpus, s.key, progress_.epoch, progress_.step);
  const at::Tensor windows = s.gather(starts, 0, config_.windows.batch, config_.windows.length);
  s.arena.gradients.zero_();
  const at::Tensor loss = s.model.training_loss(windows, s.key, static_cast<uint32_t>(progress_.updates));
  loss.backward();
  const auto value = loss.item<double>();
  if (!std::isfinite(value)) {
    progress_.status = TrialStatus::diverged;
    progress_.reason = fmt::format("the training loss was {} at epoch {}, step {}", value,
                                   progress_.epoch + 1, progress_.step + 1);
    return;
  }
  update(config_.optimiser, s.arena, learning_rate(config_, progress_.epoch), progress_.updates + 1);
  progress_.epoch_loss += value;
  ++progress_.updates;
  if (++progress_.step == s.steps) end_epoch();
}

void Trial::end_epoch() {
  const int64_t epoch = progress_.epoch++;
  progress_.train_losses.push_back(progress_.epoch_loss / static_cast<double>(state_->steps));
  progress_.epoch_loss = 0;
  progress_.step = 0;
  if (evaluates_after(config_, epoch)) {
    Evaluation evaluation = evaluate();
    evaluation.epoch = epoch;
    evaluated_ = true;
    if (!std::isfinite(evaluation.loss)) {
      progress_.status = TrialStatus::diverged;
      progress_.reason = fmt::format("the validation loss was {} after epoch {}", evaluation.loss, epoch + 1);
    }
    progress_.evaluations.push_back(std::move(evaluation));
    if (stops_early(config_.schedule, progress_.validation_losses()) && !ended()) {
      progress_.status = TrialStatus::finished;
      progress_.reason =
          fmt::format("stopped early: {} evaluations gained less than {} nats",
                      config_.schedule.early_stop_evaluations, config_.schedule.early_stop_gain);
    }
  }
  if (progress_.epoch == config_.schedule.epochs && !ended()) progress_.status = TrialStatus::finished;
}

Evaluation Trial::evaluate() const {
  const State& s = *state_;
  const at::NoGradGuard no_grad;
  // The index of the epoch that has just been completed; sampled windows are drawn anew for each.
  const WindowStarts starts = evaluation_windows(config_, s.corpus, s.key, progress_.epoch - 1);
  const auto windows = static_cast<int64_t>(starts.size());
  const int64_t predictions = targets_per_window(config_);
  std::vector<double> sums(static_cast<size_t>(predictions));
  double sum_of_squares = 0;
  for (int64_t first = 0; first < windows; first += kEvaluationBatch) {
    const int64_t count = std::min(kEvaluationBatch, windows - first);
    const at::Tensor losses = s.model.losses(s.gather(starts, first, count, config_.windows.length))
                                  .to(at::kCPU, at::kDouble)
                                  .contiguous();
    const auto* loss = losses.const_data_ptr<double>();
    for (int64_t i = 0; i < count * predictions; ++i) {
      sums[static_cast<size_t>(i % predictions)] += loss[i];
      sum_of_squares += loss[i] * loss[i];
    }
  }
  Evaluation evaluation;
  evaluation.targets = windows * predictions;
  const auto n = static_cast<double>(evaluation.targets);
  for (const double sum : sums) {
    evaluation.loss += sum / n;
    evaluation.by_position.push_back(sum / static_cast<double>(windows));
  }
  const double variance = std::max(0.0, sum_of_squares / n - evaluation.loss * evaluation.loss);
  evaluation.standard_error = std::sqrt(variance / n);
  return evaluation;
}

std::string Trial::checkpoint() const {
  const State& s = *state_;
  const at::Tensor parameters = s.arena.parameters.cpu();
  const at::Tensor first = s.arena.first_moment.cpu();
  const at::Tensor second = s.arena.second_moment.cpu();
  std::vector<NamedArray> arrays;
  for (const ParameterTensor& tensor : s.layout.tensors)
    arrays.push_back({tensor.name, tensor.shape,
                      bytes_of(parameters)
                          .substr(static_cast<size_t>(tensor.offset) * sizeof(float),
                                  static_cast<size_t>(tensor.count()) * sizeof(float))});
  arrays.push_back({"adam.first_moment", {s.layout.size}, bytes_of(first)});
  arrays.push_back({"adam.second_moment", {s.layout.size}, bytes_of(second)});
  return safetensors_bytes(
      arrays,
      {{"arm", id_.arm_name()}, {"seed", std::to_string(id_.seed)}, {"progress", to_json(progress_).dump()}});
}

void Trial::restore(const SafetensorsFile& file) {
  State& s = *state_;
  const auto size = static_cast<size_t>(s.layout.size);
  std::vector<float> parameters(size);
  for (const ParameterTensor& tensor : s.layout.tensors) {
    const size_t bytes = static_cast<size_t>(tensor.count()) * sizeof(float);
    std::memcpy(parameters.data() + tensor.offset, file.array(tensor.name, bytes).data(), bytes);
  }
  fill(s.arena.parameters, parameters.data(), size * sizeof(float));
  // The file's arrays may lie at any address: copied, not read as floats in place.
  const auto fill_moment = [&](at::Tensor& moment, const char* name) {
    std::memcpy(parameters.data(), file.array(name, size * sizeof(float)).data(), size * sizeof(float));
    fill(moment, parameters.data(), size * sizeof(float));
  };
  fill_moment(s.arena.first_moment, "adam.first_moment");
  fill_moment(s.arena.second_moment, "adam.second_moment");
  progress_ = checkpoint_progress(file);
}

// Causality canary: changes the token in the middle of a window and returns by how much any earlier logit
// moves, which is 0 for an honest model: those logits predict it or something before it.
double Trial::leak() const {
  const State& s = *state_;
  if (config_.body.kind == BodyKind::bag) return 0;  // its one target stands after the window, not in it
  const at::NoGradGuard no_grad;
  const int64_t length = config_.windows.length;
  const int64_t changed = length / 2;
  const at::Tensor tokens = s.gather({0}, 0, 1, length).narrow(1, 0, length).contiguous();
  at::Tensor other = tokens.clone();
  other.select(1, changed).add_(1).remainder_(config_.source.vocabulary);
  const at::Tensor moved = s.model.logits(tokens) - s.model.logits(other);
  return changed == 0 ? 0 : moved.narrow(1, 0, changed).abs().max().item<double>();
}

Progress checkpoint_progress(const SafetensorsFile& file) {
  try {
    return progress_from_json(nlohmann::ordered_json::parse(file.metadata().at("progress")));
  } catch (const std::exception&) {
    throw Failure("checkpoint", "holds no progress of a trial");
  }
}

}  // namespace ate
