// How well a selector finds the keys of one head, against what needs no selector at all.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/attention/mlp_topk.h"
#include "pipeline/world.h"

namespace ate {

// What head 0 of layer 0 of a teacher read and made on some windows.
struct Collected {
  at::Tensor queries;    // [n, T, hd]
  at::Tensor values;     // [n, T, hd]
  at::Tensor attention;  // [n, T, T]
  at::Tensor outputs;    // [n, T, hd]
};
Collected collect(const World& world, const at::Tensor& windows);

struct SelectorQuality {
  int64_t queries = 0;
  // Top-1: the share of queries whose strongest key is chosen first.
  double accuracy = 0;
  double chance = 0;  // of a visible position drawn at random
  double constant =
      0;  // of the best single position for each query position, counted on the collected windows
  // Mean attention mass held by k keys.
  double mass = 0;           // the selector's
  double mass_chance = 0;    // of k visible positions drawn at random
  double mass_constant = 0;  // of the best k positions for each query position, by mean attention
  double mass_window = 0;    // of the last k
  double mass_oracle = 0;    // of the k strongest keys
  // Content shuffled before the last position, which stays as it is: the share of windows in which the strongest key
  // of the last query moved to another position, and in which the selector's first choice did.
  double strongest_moved = 0, choice_moved = 0;
};
SelectorQuality selector_quality(const World& world, const Collected& seen, const MlpTopKAttention& selector,
                                 int64_t k);

}  // namespace ate
