#include "bench/attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <thread>

#include "bench/decode.h"
#include "bench/laws.h"
#include "bench/paths.h"
#include "bench/peak_memory.h"
#include "run/environment.h"
#include "support/error.h"
#include "support/text.h"
#include "support/timing.h"
#include "train/device.h"

namespace ate {
namespace {

constexpr double kMostPathSeconds = 20;  // of one path: it is not run again after that
constexpr double kLeastSeconds = 0.5;    // of all paths together: short ones get more rounds than asked for
constexpr int kMostRounds = 50;
// Before each run: threads of OpenMP wait for work on a core for some milliseconds, which would slow the path that comes next.
constexpr std::chrono::milliseconds kIdle{20};
constexpr double kMemoryShare = 0.9;    // of what is available that a path may take
constexpr int64_t kSampleLength = 128;  // of the inputs that backends are asked about

AttentionInputs random_inputs(const Shape& s, const MeasureOptions& measure,
                              const at::TensorOptions& options) {
  const int64_t length = measure.decode ? 1 : s.length;
  if (measure.law != "independent") {
    const HeadInputs x = find_law(measure.law)->draw(s.batch * s.heads, s.length, s.head_size(), s.causal);
    const auto split = [&](const at::Tensor& y) {
      return y.view({s.batch, s.heads, s.length, s.head_size()}).to(options);
    };
    return {split(x.queries).narrow(2, s.length - length, length).contiguous(),
            split(x.keys),
            split(x.values),
            {}};
  }
  const auto draw = [&](int64_t heads, int64_t positions) {
    return at::randn({s.batch, heads, positions, s.head_size()}, options);
  };
  return {draw(s.heads, length), draw(s.kv_heads, s.length), draw(s.kv_heads, s.length), {}};
}

// See MeasureOptions::kinds.
bool is_asked_for(const AttentionPath& path, const std::vector<std::string>& kinds) {
  if (kinds.empty() || (path.dense && path.fused)) return true;
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](const std::string& kind) { return path.name == "sparse " + kind; });
}

// One path with its timing as it grows.
class Candidate {
 public:
  Candidate(AttentionPath path, const Shape& shape, at::Device device)
      : path_(std::move(path)), device_(device) {
    timing_.shape = shape;
    timing_.path = path_.name;
    timing_.dense = path_.dense;
    timing_.fused = path_.fused;
    timing_.own = path_.own;
    timing_.heads = path_.heads;
    timing_.predicted = path_.predicted;
    const int64_t available = device.is_cpu() ? available_memory() : 0;
    if (available > 0 && to_double(path_.needed_bytes) > kMemoryShare * static_cast<double>(available))
      timing_.reason = fmt::format("does not fit: needs {:.1f} GB, {:.1f} GB of memory are free",
                                   to_double(path_.needed_bytes) / 1e9, static_cast<double>(available) / 1e9);
  }

  bool fused() const { return path_.fused; }
  bool open() const { return timing_.reason.empty() && used_ < kMostPathSeconds; }

  // Builds the path and runs it once, for its memory and to warm up. A run that takes all the time that the
  // path is given is its only timing.
  void warm_up(const AttentionInputs& inputs) {
    guarded([&] {
      run_ = path_.build();
      int64_t bytes = 0;
      double seconds = 0;
      if (device_.is_cpu()) {
        const PeakMemory peak;
        seconds = timed(inputs);
        bytes = peak.bytes();
        for (const at::Tensor* input : {&inputs.queries, &inputs.keys, &inputs.values})
          bytes += static_cast<int64_t>(input->nbytes());
      } else {
        seconds = timed(inputs);
      }
      timing_.peak_bytes = bytes;
      used_ += seconds;
      if (used_ >= kMostPathSeconds) timing_.seconds.push_back(seconds);
    });
  }

  void repeat(const AttentionInputs& inputs) {
    guarded([&] {
      timing_.seconds.push_back(timed(inputs));
      used_ += timing_.seconds.back();
    });
  }

  AttentionTiming take() { return std::move(timing_); }

 private:
  double timed(const AttentionInputs& inputs) const {
    if (!inputs.queries.requires_grad()) return seconds_of([&] { run_(inputs); });
    const at::Tensor out = run_(inputs);
    const at::Tensor gradient = at::ones_like(out);
    const double seconds = seconds_of([&] { out.backward(gradient); });
    for (const at::Tensor* input : {&inputs.queries, &inputs.keys, &inputs.values})
      input->mutable_grad().reset();
    return seconds;
  }
  template <class Work>
  double seconds_of(const Work& work) const {
    const auto wait = [&] {
      if (!device_.is_cpu()) c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
    };
    wait();
    if (device_.is_cpu()) std::this_thread::sleep_for(kIdle);
    const double start = wall_seconds();
    work();
    wait();
    return wall_seconds() - start;
  }

  // A path that fails leaves the others their turn.
  template <class Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const c10::OutOfMemoryError&) {
      fail("does not fit into the device's memory");
    } catch (const std::bad_alloc&) {
      fail("does not fit into memory");
    } catch (const c10::Error& error) {
      fail(std::string("failed: ") + first_line(error.what_without_backtrace()));
    }
  }
  void fail(std::string reason) {
    timing_.reason = std::move(reason);
    timing_.seconds.clear();
    run_ = nullptr;
  }

  AttentionPath path_;
  at::Device device_;
  AttentionPath::Run run_;
  AttentionTiming timing_;
  double used_ = 0;
};

}  // namespace

double AttentionTiming::median() const { return ate::median(seconds); }

double AttentionTiming::least() const {
  return seconds.empty() ? std::nan("") : *std::min_element(seconds.begin(), seconds.end());
}

double AttentionTiming::most() const {
  return seconds.empty() ? std::nan("") : *std::max_element(seconds.begin(), seconds.end());
}

const AttentionTiming* MeasuredShape::find(const std::string& path) const {
  for (const AttentionTiming& timing : timings)
    if (timing.path == path) return &timing;
  return nullptr;
}

const AttentionTiming* MeasuredShape::fastest_dense() const {
  const AttentionTiming* fastest = nullptr;
  for (const AttentionTiming& timing : timings)
    if (timing.dense && !timing.own && !timing.seconds.empty() &&
        (fastest == nullptr || timing.median() < fastest->median()))
      fastest = &timing;
  return fastest;
}

const AttentionTiming* MeasuredShape::own_dense() const {
  for (const AttentionTiming& timing : timings)
    if (timing.dense && timing.own && !timing.seconds.empty()) return &timing;
  return nullptr;
}

std::vector<std::string> law_names() {
  std::vector<std::string> names;
  for (const AttentionLaw& law : attention_laws()) names.emplace_back(law.name);
  return names;
}

void require_device(const std::string& name, const std::string& where) {
  try {
    (void)choose_device(name);
  } catch (const BadInput& error) {
    throw BadInput(where, error.problems().front().what);
  }
}

MeasuredShape measure_attention(const Shape& shape, const MeasureOptions& options) {
  const at::Device device = choose_device(options.device);
  at::set_num_threads(usable_cores());
  const c10::InferenceMode no_gradients(!options.backward);
  at::manual_seed(0);
  const at::TensorOptions tensors =
      at::TensorOptions(device).dtype(options.element_bytes == 2 ? at::kBFloat16 : at::kFloat);
  spdlog::info("measuring d {}, T {}, {} heads on {}", shape.width, shape.length, shape.heads, device.str());

  MeasuredShape measured;
  measured.device = device.is_cpu() ? fmt::format("cpu, {} threads", at::get_num_threads()) : device.str();
  measured.device += options.element_bytes == 2 ? ", bf16" : ", fp32";

  Shape sample = shape;
  sample.length = std::min(shape.length, kSampleLength);
  sample.batch = 1;
  const AttentionInputs few = random_inputs(sample, options, tensors);
  std::vector<Candidate> candidates;
  for (AttentionPath& path :
       options.decode ? decode_paths(shape, few) : attention_paths(shape, few, options.other_kinds))
    if (is_asked_for(path, options.kinds)) candidates.emplace_back(std::move(path), shape, device);

  const bool any_fits =
      std::any_of(candidates.begin(), candidates.end(), [](const Candidate& c) { return c.open(); });
  AttentionInputs inputs;
  if (any_fits) inputs = random_inputs(shape, options, tensors);
  if (any_fits && options.backward)
    for (const at::Tensor* input : {&inputs.queries, &inputs.keys, &inputs.values})
      input->set_requires_grad(true);
  measured.decode = options.decode;
  measured.backward = any_fits && inputs.queries.requires_grad();
  const bool any_masked = std::any_of(candidates.begin(), candidates.end(),
                                      [](const Candidate& c) { return c.open() && !c.fused(); });
  if (shape.causal && any_masked && !options.decode)
    inputs.hidden = at::ones({shape.length, shape.length}, tensors.dtype(at::kBool)).triu_(1);
  for (Candidate& candidate : candidates)
    if (candidate.open()) candidate.warm_up(inputs);
  const double start = wall_seconds();
  for (int round = 0;
       round < options.repeats || (round < kMostRounds && wall_seconds() - start < kLeastSeconds); ++round)
    for (Candidate& candidate : candidates)
      if (candidate.open()) candidate.repeat(inputs);
  for (Candidate& candidate : candidates) measured.timings.push_back(candidate.take());
  return measured;
}

}  // namespace ate
