#include "train/step_graph.h"

#ifdef ATE_CUDA_STEPS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace ate {

#ifdef ATE_CUDA_STEPS

struct StepGraph::Recorded {
  // Libraries set themselves up in the first steps, which must not be recorded (as PyTorch's notes on CUDA
  // graphs ask for): these run as they are, on a stream of their own.
  static constexpr int kWarmUp = 3;

  explicit Recorded(at::Device where) : device(where) {}

  void run(const std::function<void()>& step) {
    const c10::cuda::CUDAGuard on(device);
    if (!graph) prepare(step);
    if (graph) graph->replay();
  }

  // Runs the step once, or records it once enough were run. Recording runs nothing.
  void prepare(const std::function<void()>& step) {
    const c10::cuda::CUDAStream side = c10::cuda::getStreamFromPool(false, device.index());
    c10::cuda::getCurrentCUDAStream().synchronize();
    {
      const c10::cuda::CUDAStreamGuard aside(side);
      if (warm++ < kWarmUp) {
        step();
      } else {
        auto recording = std::make_unique<at::cuda::CUDAGraph>();
        recording->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
        step();
        recording->capture_end();
        graph = std::move(recording);
      }
    }
    side.synchronize();
  }

  at::Device device;
  int warm = 0;
  std::unique_ptr<at::cuda::CUDAGraph> graph;
};

StepGraph::StepGraph(at::Device device, std::function<void()> step)
    : step_(std::move(step)), recorded_(device.is_cuda() ? std::make_unique<Recorded>(device) : nullptr) {}

void StepGraph::run() {
  if (recorded_)
    recorded_->run(step_);
  else
    step_();
}

#else

struct StepGraph::Recorded {};

StepGraph::StepGraph(at::Device, std::function<void()> step) : step_(std::move(step)) {}

void StepGraph::run() { step_(); }

#endif

StepGraph::~StepGraph() = default;

}  // namespace ate
