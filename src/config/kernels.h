// Which kernels train a config: the one place that knows what the fused ones can do.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Shortest windows that the flash kernels get; shorter ones keep the bits of plain operations.
inline constexpr int64_t kShortestFlashWindow = 128;
// Longest windows whose dense attention the fused kernels keep in the first caches; longer ones are better on flash kernels.
inline constexpr int64_t kLongestFusedWindow = 256;

// Whether models of this config may attend on the flash kernels, where kind and arrays allow it.
bool flash_wanted(const Config& config);

// What computes the attention of a layer while it trains on the CPU.
enum class AttentionKernels { fused, flash, plain };
AttentionKernels attention_kernels(const Config& config, int64_t layer);

// Why the fused kernels cannot train this config, as a clause; "" where they can. A device `auto` is not held
// against them: it is asked again once it is known.
std::string why_not_fused(const Config& config);

// Why trials of this arm cannot train in a stack, many in one batched step (src/model/stacked/), as a clause; ""
// where they can.
std::string why_not_stacked(const Config& config, const Arm& arm);

// fused or reference: what `auto` stands for.
KernelKind chosen_kernels(const Config& config);

// What trains a config's trials, for people and files.
struct KernelsUsed {
  std::string name;  // fused, reference or stack
  std::string why;   // not fused, or what computes attention instead, in clauses; "" where all is fused

  std::string text() const;  // "reference (there are no fused kernels for rotary positions)"
};
KernelsUsed kernels_used(const Config& config, bool stacked = false);

// What is wrong with the settings `kernels` and `dtype`.
std::vector<Problem> check_kernels(const Config& config);

}  // namespace ate
