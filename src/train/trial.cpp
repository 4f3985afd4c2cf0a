#include "train/trial.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "data/windows.h"
#include "model/flops.h"
#include "support/error.h"
#include "support/json.h"
#include "train/safetensors.h"
#include "train/schedule.h"
#include "train/trial_state.h"

namespace ate {
namespace {

// A value that is no number, without a sign where it has no meaning.
std::string shown(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }

std::string_view bytes_of(const at::Tensor& host) {
  return {static_cast<const char*>(host.const_data_ptr()), host.nbytes()};
}

// The targets' losses, summed overall, by position and by band.
class LossSums {
 public:
  explicit LossSums(int64_t predictions) : by_position_(static_cast<size_t>(predictions)) {}

  void add(int64_t position, Band band, double loss) {
    by_position_[static_cast<size_t>(position)] += loss;
    squares_ += loss * loss;
    by_band_.at(static_cast<size_t>(band)) += loss;
    ++in_band_.at(static_cast<size_t>(band));
    ++targets_;
  }

  Evaluation means() const {
    Evaluation evaluation;
    evaluation.targets = targets_;
    const auto n = static_cast<double>(targets_);
    for (const double sum : by_position_) {
      evaluation.loss += sum / n;
      evaluation.by_position.push_back(sum / (n / static_cast<double>(by_position_.size())));
    }
    const double variance = std::max(0.0, squares_ / n - evaluation.loss * evaluation.loss);
    evaluation.standard_error = std::sqrt(variance / n);
    for (size_t band = 0; band < evaluation.bands.size(); ++band) {
      BandScore& score = evaluation.bands.at(band);
      score.targets = in_band_.at(band);
      if (score.targets > 0) score.loss = by_band_.at(band) / static_cast<double>(score.targets);
    }
    return evaluation;
  }

 private:
  std::vector<double> by_position_;
  std::array<double, kBandsAndNone> by_band_{};
  std::array<int64_t, kBandsAndNone> in_band_{};
  double squares_ = 0;
  int64_t targets_ = 0;
};

}  // namespace

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
  const at::Tensor windows = s.gather_on_host(starts, 0, config_.windows.batch, config_.windows.length);
  const double value = s.step->loss_and_gradients(windows, s.key, static_cast<uint32_t>(progress_.updates));
  if (!std::isfinite(value)) {
    progress_.status = TrialStatus::diverged;
    progress_.reason = fmt::format("the training loss was {} at epoch {}, step {}", shown(value),
                                   progress_.epoch + 1, progress_.step + 1);
    return;
  }
  s.step->update(learning_rate(config_, progress_.epoch), progress_.updates + 1);
  count_step(value);
}

void Trial::count_step(double loss) {
  evaluated_ = false;
  progress_.epoch_loss += loss;
  ++progress_.updates;
  if (++progress_.step == state_->steps) end_epoch();
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
      progress_.reason =
          fmt::format("the validation loss was {} after epoch {}", shown(evaluation.loss), epoch + 1);
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
  const WindowStarts starts =
      evaluation_windows(config_, s.corpus, s.key, std::max<int64_t>(0, progress_.epoch - 1));
  const auto windows = static_cast<int64_t>(starts.size());
  const int64_t length = config_.windows.length;
  const int64_t predictions = targets_per_window(config_);
  LossSums sums(predictions);
  std::vector<NextLaw> laws(static_cast<size_t>(length));
  std::vector<NextLaw> scored;
  ExcessSums excess;
  for (int64_t first = 0; first < windows; first += kEvaluationBatch) {
    const int64_t count = std::min(kEvaluationBatch, windows - first);
    const at::Tensor batch = s.gather_on_host(starts, first, count, length);
    const at::Tensor inputs = batch.narrow(1, 0, length).to(s.arena.parameters.device());
    const at::Tensor targets = batch.narrow(1, length + 1 - predictions, predictions).contiguous().view({-1});
    const at::Tensor log_model = s.model.logits(inputs).flatten(0, 1).log_softmax(-1);
    const at::Tensor losses = -log_model.gather(1, targets.to(log_model.device()).unsqueeze(1))
                                   .squeeze(1)
                                   .to(at::kCPU, at::kDouble);
    if (s.scorer) {
      scored.clear();
      for (int64_t i = 0; i < count; ++i) {
        s.source->next_laws({batch.const_data_ptr<int64_t>() + i * (length + 1), laws.size()}, laws);
        scored.insert(scored.end(), laws.end() - predictions, laws.end());
      }
      s.scorer->add(log_model, scored, excess);
    }
    const auto* target = targets.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < count * predictions; ++i)
      sums.add(i % predictions, s.band_of[static_cast<size_t>(target[i])],
               losses.const_data_ptr<double>()[i]);
  }
  Evaluation evaluation = sums.means();
  if (!s.scorer) return evaluation;
  evaluation.excess = excess.mean();
  for (size_t band = 0; band < evaluation.bands.size(); ++band)
    if (excess.mass.at(band) > 0) evaluation.bands.at(band).excess = excess.mean_of(band);
  return evaluation;
}

std::string Trial::checkpoint() const { return file(true); }

std::string Trial::exported() const { return file(false); }

std::string Trial::file(bool whole) const {
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
  if (!whole) return safetensors_bytes(arrays, {{"arm", id_.arm_name()}, {"seed", std::to_string(id_.seed)}});
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
  s.step->parameters_changed();
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
  const std::string name = file.path().string() + ": holds no progress of a trial";
  if (file.metadata().count("progress") == 0) throw Failure(name, "its metadata has none");
  const nlohmann::ordered_json document = parse_json(file.text("progress"), name);
  return progress_from_json(JsonValue(document, name));
}

}  // namespace ate
