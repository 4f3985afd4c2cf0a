// One model in training by itself, for its speed.
#pragma once

#include <memory>

#include "config/config.h"

namespace ate {

class Profile;

// Who runs the steps.
enum class Runner {
  eager,  // LibTorch's operations and autograd, one after the other, as an expert would write it in PyTorch
  fused,  // the step of a trial (src/train/trial.h), with the kernels of this program
};

class StepRunner {
 public:
  // The arm at its start, from the seed. bf16 means for eager: under autocast.
  StepRunner(const Config& config, Arm arm, Runner runner, Dtype dtype, int64_t seed);
  ~StepRunner();

  // Reads a batch of windows, then loss, gradients and update. Throws Failure when the loss is no number.
  void step();

  // The products of one step: floating-point operations, attention's included.
  double flops() const { return flops_; }

  // Fused steps from now on note in it where their time goes; nullptr: nowhere.
  void set_profile(Profile* profile);

 private:
  class Eager;
  struct State;
  std::unique_ptr<State> state_;
  double flops_ = 0;
};

}  // namespace ate
