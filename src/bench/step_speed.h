// The speed of a training step on the CPU, this program's kernels against LibTorch eager, in turns in the
// same run. No LibTorch in this header.
#pragma once

#include <array>
#include <vector>

#include "bench/products.h"
#include "bench/step_runner.h"
#include "config/config.h"
#include "kernels/profile.h"

namespace ate {

struct StepSpeedOptions {
  Config config;  // of an encoder that the fused kernels can train
  std::vector<Dtype> dtypes = {Dtype::fp32, Dtype::bf16};
  std::vector<int> threads = {1};   // of each model, inside LibTorch's operations
  std::vector<int> replicas = {1};  // models that train side by side, each on a thread of its own
  int rounds = 5;                   // in each, every variant has one turn
  double seconds = 0.5;             // of a turn, at least one step
};

// One round's turn of a variant, per step.
struct StepTurn {
  double wall_ms;           // of one model
  double cpu_ms;            // of one model: its thread's clock, or with several threads the process's share
  double steps_per_second;  // of all replicas together, by wall clock
};

// Who is timed: an arm, run in one way.
struct StepVariant {
  Arm arm = Arm::standard;
  Runner runner = Runner::fused;
  Dtype dtype = Dtype::fp32;
  int threads = 1;
  int replicas = 1;

  bool operator==(const StepVariant&) const = default;
};

struct StepTiming {
  StepVariant variant;
  double flops = 0;             // of a step's products
  std::vector<StepTurn> turns;  // a round each
  std::array<double, kStepParts.size()>
      part_ms{};  // by the same clock, median over profiled steps; fused alone
  std::vector<std::vector<Profile::Span>> profiled;  // a few steps

  // By the clock that ratios are taken from: CPU time with one thread, else wall clock.
  double ms(size_t round) const;
  double median_ms() const;
};

// The most that `threads` threads did in this run, FLOP/s.
struct PeakRates {
  int threads = 1;
  Dtype dtype = Dtype::fp32;
  double products = 0;  // the best of the step's own products
  double square = 0;    // a large square product
  double multiply_add =
      0;  // fp32: between registers; bf16: the square product, as no kernel here multiplies bf16
  double gemm() const { return products > square ? products : square; }
};

struct ProductTiming {
  Arm arm = Arm::standard;
  ProductShape shape;
  double fp32 = 0, bf16 = 0;  // FLOP/s, the best of the rounds, first thread count
};

struct StepSpeed {
  std::vector<StepTiming> timings;
  std::vector<PeakRates> peaks;
  std::vector<ProductTiming> products;

  const StepTiming* find(const StepVariant& variant) const;  // nullptr when there is none
  const PeakRates& peak(int threads, Dtype dtype) const;
};

// Throws BadInput for /kernels when the fused kernels cannot train the config.
StepSpeed measure_steps(const StepSpeedOptions& options);

}  // namespace ate
