#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "config/derived.h"

namespace ate {

double learning_rate(const Config& config, int64_t epoch) {
  const double top = config.optimiser.learning_rate;
  if (config.schedule.decay == Decay::constant) return top;
  const double progress = static_cast<double>(epoch) / static_cast<double>(epochs_in_all(config));
  return top * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

bool evaluates_after(const Config& config, int64_t epoch) {
  return epoch % config.evaluation.every == 0 || epoch + 1 == epochs_in_all(config);
}

bool stops_early(const ScheduleConfig& schedule, const std::vector<double>& validation_losses) {
  const auto n = static_cast<size_t>(schedule.early_stop_evaluations);
  if (n == 0 || validation_losses.size() <= n) return false;
  const double earlier = validation_losses[validation_losses.size() - 1 - n];
  return earlier - validation_losses.back() < schedule.early_stop_gain;
}

}  // namespace ate
