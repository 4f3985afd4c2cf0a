// Wall-clock and peak memory of attention on this device: dense by every fused backend that LibTorch has
// here, dense on this program's own kernels and as plain operations, and the sparse paths. One layer, forward from queries, keys
// and values to the heads' outputs, or backward; `batch` sequences of random numbers. No LibTorch in this header.
#pragma once

#include <string>
#include <vector>

#include "analysis/shape.h"
#include "config/config.h"

namespace ate {

struct MeasureOptions {
  std::string device = "auto";
  int64_t element_bytes = 4;  // 4: fp32, 2: bf16
  int repeats = 5;  // timed runs of each path, in turns; more of short ones, fewer after 20 s of a path
  bool other_kinds = true;          // sparse kinds beside the original report's own
  bool backward = false;            // times the gradients of queries, keys and values instead of the outputs
  std::string law = "independent";  // of the numbers (bench/laws.h); another needs as many kv_heads as heads
  bool decode = false;              // times one query after T - 1 cached positions instead of T queries
  // Kinds of sparse attention to time, beside the dense paths that keep no T x T array; empty: all kinds, and all paths.
  std::vector<std::string> kinds{};
};

struct AttentionTiming {
  Shape shape;
  std::string path;  // "dense flash"
  bool dense = true;
  bool fused = false;    // keeps no T x T array
  bool own = false;      // on this program's kernels
  int64_t heads = 0;     // that the path computes; the published ratio sets one sparse head against all
  double predicted = 0;  // dense FLOPs / its FLOPs; 0: what the corrected accounting says of the shape
  std::vector<double> seconds;  // of each timed run; empty when it was not run
  int64_t peak_bytes = 0;       // largest sum of LibTorch's live arrays, inputs included; 0: not known here
  std::string reason;           // why it was not run, "" otherwise

  double median() const;  // seconds; NaN when it was not run
  double least() const;
  double most() const;
};

struct MeasuredShape {
  std::vector<AttentionTiming> timings;  // dense paths first
  std::string device;                    // "cpu, 2 threads, fp32"
  bool backward = false;
  bool decode = false;

  const AttentionTiming* find(const std::string& path) const;  // nullptr when there is none
  const AttentionTiming* fastest_dense() const;                // of LibTorch; nullptr when none ran
  const AttentionTiming* own_dense() const;                    // nullptr when it did not run
};

// The names of the laws that numbers can have.
std::vector<std::string> law_names();

// Throws BadInput with `where` as the address when the device is not there.
void require_device(const std::string& name, const std::string& where);

// The config of an encoder with attention of this kind and shape.
Config attention_config(const Shape& shape, AttentionKind kind);

// A path that does not fit into memory, or that fails, becomes a timing with its reason. Throws BadInput
// for a device that is not there.
MeasuredShape measure_attention(const Shape& shape, const MeasureOptions& options);

}  // namespace ate
