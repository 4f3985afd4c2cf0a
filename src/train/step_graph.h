// Runs the same step again and again: on a CUDA device as a recorded graph, which costs one launch instead of
// one for each operation; elsewhere as it is.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace ate {

class StepGraph {
 public:
  // `step` works on the same tensors each time, waits for nothing on the device and copies nothing from the
  // host. Nothing else of the process may use the device while it is recorded.
  StepGraph(at::Device device, std::function<void()> step);
  ~StepGraph();

  // One step. On a CUDA device it may return before the step has ended.
  void run();

 private:
  struct Recorded;

  std::function<void()> step_;
  std::unique_ptr<Recorded> recorded_;  // nullptr: run as it is
};

}  // namespace ate
