#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "config/derived.h"

namespace ate {

namespace {

// Share of the run that is done before an update.
double progress(const Config& config, int64_t update) {
  const ScheduleConfig& schedule = config.schedule;
  // A step that is timed may lie beyond the run.
  const auto share = [](int64_t done, int64_t all) {
    return std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
  };
  if (schedule.unit == ScheduleUnit::epoch)
    return share(update / steps_per_epoch(config), epochs_in_all(config));
  const int64_t before = schedule.decay == Decay::wsd ? 0 : schedule.warmup_steps;
  return share(std::max<int64_t>(0, update - before), steps_in_all(config) - before);
}

double law(const ScheduleConfig& schedule, double progress) {
  switch (schedule.decay) {
    case Decay::constant:
      return 1;
    case Decay::cosine:
      return 0.5 * (1 + std::cos(std::numbers::pi * progress));
    case Decay::linear:
      return 1 - progress;
    case Decay::wsd:
      return std::min(1.0, (1 - progress) / schedule.decay_share);
  }
  return 1;
}

}  // namespace

double learning_rate(const Config& config, int64_t update) {
  const ScheduleConfig& schedule = config.schedule;
  const double grown =
      static_cast<double>(update + 1) / static_cast<double>(schedule.warmup_steps + 1);  // of the warm-up
  const double decay =
      schedule.minimum_share + (1 - schedule.minimum_share) * law(schedule, progress(config, update));
  return config.optimiser.learning_rate * std::min(1.0, grown) * decay;
}

bool evaluates_after(const Config& config, int64_t updates) {
  if (updates == steps_in_all(config)) return true;
  if (config.evaluation.every_steps > 0) return updates % config.evaluation.every_steps == 0;
  const int64_t steps = steps_per_epoch(config);
  return updates % steps == 0 && (updates / steps - 1) % config.evaluation.every == 0;
}

int64_t evaluation_draw(const Config& config, int64_t updates) {
  if (config.evaluation.every_steps > 0) return updates;
  // A run can end inside an epoch, which counts as one then.
  const int64_t epochs =
      updates == steps_in_all(config) ? epochs_in_all(config) : updates / steps_per_epoch(config);
  return std::max<int64_t>(0, epochs - 1);
}

std::vector<int64_t> evaluation_draws(const Config& config) {
  std::vector<int64_t> draws;
  for (int64_t updates = 1; updates <= steps_in_all(config); ++updates)
    if (evaluates_after(config, updates)) draws.push_back(evaluation_draw(config, updates));
  return draws;
}

bool stops_early(const ScheduleConfig& schedule, const std::vector<double>& validation_losses) {
  const auto n = static_cast<size_t>(schedule.early_stop_evaluations);
  if (n == 0 || validation_losses.size() <= n) return false;
  const double earlier = validation_losses[validation_losses.size() - 1 - n];
  return earlier - validation_losses.back() < schedule.early_stop_gain;
}

}  // namespace ate
