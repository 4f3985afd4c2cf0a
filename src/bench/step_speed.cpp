#include "bench/step_speed.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "bench/variant_timer.h"
#include "config/kernels.h"
#include "data/corpus.h"
#include "data/source.h"
#include "support/error.h"
#include "support/timing.h"

namespace ate {
namespace {

bool times_bf16(const StepSpeedOptions& options) {
  return std::find(options.dtypes.begin(), options.dtypes.end(), Dtype::bf16) != options.dtypes.end();
}

// Eager first, so that each of the others stands near what it is held against.
std::vector<StepVariant> variants(const StepSpeedOptions& options) {
  std::vector<StepVariant> all;
  for (const int threads : options.threads)
    for (const int replicas : options.replicas)
      for (const Arm& arm : options.config.study.arms) {
        all.push_back({arm, Runner::eager, Dtype::fp32, threads, replicas});
        for (const Dtype dtype : options.dtypes)
          all.push_back({arm, Runner::fused, dtype, threads, replicas});
        if (times_bf16(options)) all.push_back({arm, Runner::eager, Dtype::bf16, threads, replicas});
      }
  return all;
}

std::vector<ProductTiming> products_to_time(const Config& study) {
  std::vector<ProductTiming> products;
  for (const Arm& arm : study.study.arms) {
    const Config config = arm_config(study, arm);
    const Corpus corpus = open_source(config.source)->corpus(0);
    for (ProductShape& shape : step_products(config, plan_embedding(config, arm, corpus, 0))) {
      // What all arms have is timed once.
      const bool known = std::any_of(products.begin(), products.end(),
                                     [&](const ProductTiming& p) { return p.shape == shape; });
      if (!known) products.push_back({arm, std::move(shape)});
    }
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
  return variant.threads == 1 ? turns[round].cpu_ms : turns[round].wall_ms;
}

double StepTiming::median_ms() const {
  std::vector<double> values;
  for (size_t round = 0; round < turns.size(); ++round) values.push_back(ms(round));
  return median(std::move(values));
}

const StepTiming* StepSpeed::find(const StepVariant& variant) const {
  for (const StepTiming& timing : timings)
    if (timing.variant == variant) return &timing;
  return nullptr;
}

const PeakRates& StepSpeed::peak(int threads, Dtype dtype) const {
  return *std::find_if(peaks.begin(), peaks.end(),
                       [&](const PeakRates& peak) { return peak.threads == threads && peak.dtype == dtype; });
}

StepSpeed measure_steps(const StepSpeedOptions& options) {
  for (const Arm& arm : options.config.study.arms)
    if (const std::string why = why_not_fused(arm_config(options.config, arm)); !why.empty())
      throw BadInput("/kernels", why + ", and it is those that are timed here");
  std::vector<VariantTimer> timers;
  for (const StepVariant& variant : variants(options)) timers.emplace_back(options, variant);
  StepSpeed speed;
  speed.products = products_to_time(options.config);
  for (const int threads : options.threads) {
    speed.peaks.push_back({threads, Dtype::fp32});
    if (times_bf16(options)) speed.peaks.push_back({threads, Dtype::bf16});
  }
  for (int round = 0; round < options.rounds; ++round) {
    spdlog::info("round {} of {}", round + 1, options.rounds);
    measure_peaks(options, speed);
    for (VariantTimer& timer : timers) timer.take_turn(options.seconds);
    for (VariantTimer& timer : timers) timer.profile();
  }
  for (VariantTimer& timer : timers) speed.timings.push_back(timer.take());
  return speed;
}

}  // namespace ate
