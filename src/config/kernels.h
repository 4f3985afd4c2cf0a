// Which kernels train a config: the one place that knows what the fused ones can do.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Longest window whose attention the fused kernels keep in the first caches.
inline constexpr int64_t kLongestFusedWindow = 256;

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
  std::string why;   // not fused, a clause; "" where they are

  std::string text() const;  // "reference (there are no fused kernels for rotary positions)"
};
KernelsUsed kernels_used(const Config& config, bool stacked = false);

// What is wrong with the settings `kernels` and `dtype`.
std::vector<Problem> check_kernels(const Config& config);

}  // namespace ate
