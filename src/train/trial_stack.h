// Trials of one config that advance in lockstep as one batched model: what a GPU needs to be busy. Each keeps
// its own progress, evaluation and checkpoint; only the step is shared. Numbers are those of
// kernels=reference to rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "model/stacked/stack.h"
#include "model/stacked/stacked_step.h"
#include "train/step_graph.h"
#include "train/trial.h"

namespace ate {

class TrialStack {
 public:
  // Moves the trials' arrays into one. All are running, at the same number of updates, of arms that
  // why_not_stacked lets pass. The trials outlive the stack, and go on without it, each alone, when it is
  // gone.
  TrialStack(const Config& config, std::vector<Trial*> trials, at::Device device);

  // Trains all to the next evaluation or the end of the epoch, or less far: at most `most` steps,
  // or until `pause`, asked after each step, says so. A trial whose loss was not finite is set back to where
  // this call began and returned: it has left, and alone it finds the step at which it diverges. With a trial
  // gone the stack is of no further use; the others went on untouched.
  std::vector<Trial*> advance(int64_t most, const std::function<bool()>& pause);

  const std::vector<Trial*>& trials() const { return trials_; }

 private:
  void step();
  void load(int64_t epoch, int64_t first, int64_t count);
  int64_t until_evaluation(int64_t updates) const;
  void leave(size_t r, const Arena& before);

  Config config_;
  std::vector<Trial*> trials_;
  at::Device device_;
  int64_t batches_;  // of a step
  int64_t chunk_;    // steps whose windows are on the device at a time
  std::vector<Replica> replicas_;
  Arena arrays_;  // [R, S]
  StackedStep step_;
  at::Tensor windows_;  // [chunk * batches, R, B, T + 1] of int64
  at::Tensor losses_;   // [chunk * batches, R]
  at::Tensor rates_;    // [chunk] of float
  at::Tensor batch_;    // [1] of int64: the batch's row in windows and losses
  at::Tensor step_of_;  // [1] of int64: the step's row in the rates
  at::Tensor updates_;  // scalar of int64: updates before the step
  at::Tensor masks_;    // scalar of int64: batches before this one, since the start
  at::Tensor decayed_;  // see decay_mask
  StepGraph graph_;
};

}  // namespace ate
