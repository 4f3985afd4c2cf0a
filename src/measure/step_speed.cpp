#include "measure/step_speed.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <barrier>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

#include "config/fields.h"
#include "config/kernels.h"
#include "data/corpus.h"
#include "data/source.h"
#include "measure/clock.h"
#include "support/error.h"
#include "support/median.h"

namespace ate {
namespace {

constexpr int kWarmUpSteps = 2;    // of each turn: other turns have had the caches
constexpr int kProfiledSteps = 5;  // in each round

// Runs work(i) for each i below n, each on a thread of its own, the last on the calling one. What one throws is thrown
// when all have ended.
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

// A contender with its models.
class Entrant {
 public:
  Entrant(const StepSpeedOptions& options, const Contender& contender) {
    timing.contender = contender;
    for (int replica = 0; replica < contender.replicas; ++replica)
      models_.push_back(std::make_unique<Trainee>(options.config, contender.arm, contender.runner,
                                                  contender.dtype, replica));
    timing.flops = models_[0]->flops();
  }

  void take_turn(double seconds) {
    const size_t n = models_.size();
    struct Lap {
      double wall = 0, cpu = 0;
      int64_t steps = 0;
    };
    std::vector<Lap> laps(n);
    double process_start = 0;
    std::barrier start(static_cast<std::ptrdiff_t>(n), [&]() noexcept { process_start = process_seconds(); });
    side_by_side(n, [&](size_t i) {
      at::set_num_threads(timing.contender.threads);  // a setting of each thread
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
    if (timing.contender.threads > 1) turn.cpu_ms = 1e3 * process / static_cast<double>(steps);
    timing.turns.push_back(turn);
  }

  // Where the time of some steps goes, of one model alone. Apart from the turns, which no clock disturbs.
  void profile() {
    if (timing.contender.runner != Runner::fused) return;
    at::set_num_threads(timing.contender.threads);
    models_[0]->step();
    timing.profiled.clear();
    Profile profile;
    models_[0]->set_profile(&profile);
    for (int step = 0; step < kProfiledSteps; ++step) {
      models_[0]->step();
      std::array<double, kStepParts.size()> ms{};
      for (const Profile::Span& span : profile.spans())
        ms.at(static_cast<size_t>(span.part)) += 1e-6 * static_cast<double>(span.end - span.begin);
      for (size_t part = 0; part < ms.size(); ++part) part_ms_.at(part).push_back(ms.at(part));
      timing.profiled.push_back(profile.spans());
      profile.clear();
    }
    models_[0]->set_profile(nullptr);
  }

  StepTiming take() {
    for (size_t part = 0; part < kStepParts.size(); ++part)
      if (!part_ms_.at(part).empty()) timing.part_ms.at(part) = median(part_ms_.at(part));
    return std::move(timing);
  }

  StepTiming timing;

 private:
  std::vector<std::unique_ptr<Trainee>> models_;
  std::array<std::vector<double>, kStepParts.size()> part_ms_;
};

bool times_bf16(const StepSpeedOptions& options) {
  return std::find(options.dtypes.begin(), options.dtypes.end(), Dtype::bf16) != options.dtypes.end();
}

// Eager first, so that each of the others stands near what it is held against.
std::vector<Contender> contenders(const StepSpeedOptions& options) {
  std::vector<Contender> all;
  for (const int threads : options.threads)
    for (const int replicas : options.replicas)
      for (const Arm arm : options.config.study.arms) {
        all.push_back({arm, Runner::eager, Dtype::fp32, threads, replicas});
        for (const Dtype dtype : options.dtypes)
          all.push_back({arm, Runner::fused, dtype, threads, replicas});
        if (times_bf16(options)) all.push_back({arm, Runner::eager, Dtype::bf16, threads, replicas});
      }
  return all;
}

std::vector<ProductTiming> products_to_time(const Config& config) {
  const Corpus corpus = open_source(config.source)->corpus(0);
  std::vector<ProductTiming> products;
  for (const Arm arm : config.study.arms)
    for (ProductShape& shape : step_products(config, plan_embedding(config, arm, corpus, 0))) {
      // What all arms have is timed once.
      const bool known = std::any_of(products.begin(), products.end(),
                                     [&](const ProductTiming& p) { return p.shape == shape; });
      if (!known) products.push_back({arm, std::move(shape)});
    }
  return products;
}

// One more round of the limits; each keeps its best.
void measure_peaks(const StepSpeedOptions& options, StepSpeed& speed) {
  for (PeakRates& peak : speed.peaks) {
    for (ProductTiming& product : speed.products) {
      const double rate = product_rate(product.shape, peak.dtype, peak.threads);
      peak.products = std::max(peak.products, rate);
      if (peak.threads != options.threads[0]) continue;
      double& best = peak.dtype == Dtype::bf16 ? product.bf16 : product.fp32;
      best = std::max(best, rate);
    }
    peak.square = std::max(peak.square, product_rate(square_product(), peak.dtype, peak.threads));
    peak.multiply_add = peak.dtype == Dtype::bf16
                            ? peak.square
                            : std::max(peak.multiply_add, multiply_add_rate(peak.threads));
  }
}

}  // namespace

double StepTiming::ms(size_t round) const {
  return contender.threads == 1 ? turns[round].cpu_ms : turns[round].wall_ms;
}

double StepTiming::median_ms() const {
  std::vector<double> values;
  for (size_t round = 0; round < turns.size(); ++round) values.push_back(ms(round));
  return median(std::move(values));
}

const StepTiming* StepSpeed::find(const Contender& contender) const {
  for (const StepTiming& timing : timings)
    if (timing.contender == contender) return &timing;
  return nullptr;
}

const PeakRates& StepSpeed::peak(int threads, Dtype dtype) const {
  return *std::find_if(peaks.begin(), peaks.end(),
                       [&](const PeakRates& peak) { return peak.threads == threads && peak.dtype == dtype; });
}

StepSpeed measure_steps(const StepSpeedOptions& options) {
  if (const std::string why = why_not_fused(options.config); !why.empty())
    throw BadInput("/kernels", why + ", and it is those that are timed here");
  std::vector<Entrant> entrants;
  for (const Contender& contender : contenders(options)) entrants.emplace_back(options, contender);
  StepSpeed speed;
  speed.products = products_to_time(options.config);
  for (const int threads : options.threads) {
    speed.peaks.push_back({threads, Dtype::fp32});
    if (times_bf16(options)) speed.peaks.push_back({threads, Dtype::bf16});
  }
  for (int round = 0; round < options.rounds; ++round) {
    spdlog::info("round {} of {}", round + 1, options.rounds);
    measure_peaks(options, speed);
    for (Entrant& entrant : entrants) entrant.take_turn(options.seconds);
    for (Entrant& entrant : entrants) entrant.profile();
  }
  for (Entrant& entrant : entrants) speed.timings.push_back(entrant.take());
  return speed;
}

}  // namespace ate
