#include "bench/variant_timer.h"

#include <ATen/Parallel.h>

#include <barrier>
#include <exception>
#include <functional>
#include <thread>

#include "support/timing.h"

namespace ate {
namespace {

constexpr int kWarmUpSteps = 2;    // of each turn: other turns have had the caches
constexpr int kProfiledSteps = 5;  // in each round

// Runs work(i) for each i below n, each on a thread of its own, the last on the calling one. What one throws
// is thrown when all have ended.
void side_by_side(size_t n, const std::function<void(size_t)>& work) {
  std::vector<std::exception_ptr> errors(n);
  const auto guarded = [&](size_t i) {
    try {
      work(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (size_t i = 0; i + 1 < n; ++i) others.emplace_back(guarded, i);
  guarded(n - 1);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace

VariantTimer::VariantTimer(const StepSpeedOptions& options, const StepVariant& variant) {
  timing_.variant = variant;
  for (int replica = 0; replica < variant.replicas; ++replica)
    models_.push_back(
        std::make_unique<StepRunner>(options.config, variant.arm, variant.runner, variant.dtype, replica));
  timing_.flops = models_[0]->flops();
}

void VariantTimer::take_turn(double seconds) {
  const size_t n = models_.size();
  struct Lap {
    double wall = 0, cpu = 0;
    int64_t steps = 0;
  };
  std::vector<Lap> laps(n);
  double process_start = 0;
  std::barrier start(static_cast<std::ptrdiff_t>(n), [&]() noexcept { process_start = process_seconds(); });
  side_by_side(n, [&](size_t i) {
    at::set_num_threads(timing_.variant.threads);  // a setting of each thread
    try {
      for (int step = 0; step < kWarmUpSteps; ++step) models_[i]->step();
    } catch (...) {
      start.arrive_and_drop();
      throw;
    }
    start.arrive_and_wait();
    const double wall = wall_seconds();
    const double cpu = thread_seconds();
    Lap lap;
    while (lap.steps == 0 || lap.wall < seconds) {
      models_[i]->step();
      ++lap.steps;
      lap.wall = wall_seconds() - wall;
    }
    lap.cpu = thread_seconds() - cpu;
    laps[i] = lap;
  });
  const double process = process_seconds() - process_start;
  StepTurn turn{};
  int64_t steps = 0;
  for (const Lap& lap : laps) {
    const auto count = static_cast<double>(lap.steps);
    turn.wall_ms += 1e3 * lap.wall / count / static_cast<double>(n);
    turn.cpu_ms += 1e3 * lap.cpu / count / static_cast<double>(n);
    turn.steps_per_second += count / lap.wall;
    steps += lap.steps;
  }
  if (timing_.variant.threads > 1) turn.cpu_ms = 1e3 * process / static_cast<double>(steps);
  timing_.turns.push_back(turn);
}

void VariantTimer::profile() {
  if (timing_.variant.runner != Runner::fused) return;
  at::set_num_threads(timing_.variant.threads);
  models_[0]->step();
  timing_.profiled.clear();
  Profile profile;
  models_[0]->set_profile(&profile);
  for (int step = 0; step < kProfiledSteps; ++step) {
    models_[0]->step();
    std::array<double, kStepParts.size()> ms{};
    for (const Profile::Span& span : profile.spans())
      ms.at(static_cast<size_t>(span.part)) +=
          1e-6 * static_cast<double>(timing_.variant.threads == 1 ? span.cpu : span.end - span.begin);
    for (size_t part = 0; part < ms.size(); ++part) part_ms_.at(part).push_back(ms.at(part));
    timing_.profiled.push_back(profile.spans());
    profile.clear();
  }
  models_[0]->set_profile(nullptr);
}

StepTiming VariantTimer::take() {
  for (size_t part = 0; part < kStepParts.size(); ++part)
    if (!part_ms_.at(part).empty()) timing_.part_ms.at(part) = median(part_ms_.at(part));
  return std::move(timing_);
}

}  // namespace ate
