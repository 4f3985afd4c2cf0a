// The places of the largest of many scores, without sorting them.
#pragma once

#include <algorithm>
#include <utility>

#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels {
namespace {

// Of the scores of a query with all blocks: whole tiles, -inf beyond the last block.
struct Scores {
  const float* score;
  int64_t count;

  // How many are above a bound.
  ATE_INLINE int64_t above(float bound) const {
    typedef int32_t Counts __attribute__((vector_size(kVectorBytes)));
    Counts counts[4] = {};
    for (int64_t i = 0; i < count; i += kTile)
      for (int64_t j = 0; j < kTile; j += 4 * kVector)
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n) counts[n] -= get(score + i + j + n * kVector) > bound;
    const Counts sum = (counts[0] + counts[1]) + (counts[2] + counts[3]);
    int64_t total = 0;
    for (int64_t lane = 0; lane < kVector; ++lane) total += sum[lane];
    return total;
  }
  // The largest score, and one that at least 16 reach: the least of the largest of 16 parts.
  ATE_INLINE std::pair<float, float> bracket() const {
    Floats largest = splat(-INFINITY);
    for (int64_t i = 0; i < count; i += kLanes) largest = max_of(load(score + i), largest);
    float low = largest[0];
    float high = largest[0];
    for (int64_t lane = 1; lane < kLanes; ++lane) {
      low = largest[lane] < low ? largest[lane] : low;
      high = largest[lane] > high ? largest[lane] : high;
    }
    return {low, high};
  }
  float least_above(float bound) const {
    float least = INFINITY;
    for (int64_t i = 0; i < count; ++i) least = score[i] > bound && score[i] < least ? score[i] : least;
    return least;
  }
  float largest_up_to(float bound) const {
    float largest = -INFINITY;
    for (int64_t i = 0; i < count; ++i)
      largest = score[i] <= bound && score[i] > largest ? score[i] : largest;
    return largest;
  }
};

// The `wanted` largest of the first n scores, or all; the first of equals. Written in the order of their places.
inline void largest_places(const Scores& scores, int64_t n, int64_t wanted, int32_t* places) {
  if (n <= wanted || wanted == 0) {
    for (int64_t i = 0; i < std::min(n, wanted); ++i) places[i] = static_cast<int32_t>(i);
    return;
  }
  auto [low, high] = scores.bracket();
  float bound = -INFINITY;  // scores above it are taken
  int64_t taken = 0;
  // Halves the interval until just `wanted` lie above its upper end, or until no number lies between the ends.
  if (wanted >= kLanes || low == -INFINITY) {
    taken = scores.above(bound);
    low = scores.least_above(bound);
  } else {
    taken = wanted + 1;
  }
  if (taken > wanted) {
    bound = high;
    taken = 0;
    while (taken != wanted) {
      const float middle = low + (bound - low) / 2;
      if (!(middle > low && middle < bound)) break;
      const int64_t count = scores.above(middle);
      if (count > wanted) {
        low = middle;
      } else {
        bound = middle;
        taken = count;
      }
    }
  }
  if (taken == wanted) {
    for (int64_t i = 0; i < scores.count; i += kLanes)
      for (uint32_t bits = bits_above(scores.score + i, bound); bits != 0; bits &= bits - 1)
        *places++ = static_cast<int32_t>(i) + __builtin_ctz(bits);
    return;
  }
  // The rest are the first of those equal to the largest that is not taken.
  const float equal = scores.largest_up_to(bound);
  for (int64_t i = 0; i < n; ++i) {
    const float score = scores.score[i];
    const bool fills = taken < wanted && score == equal;
    if (!fills && !(score > bound)) continue;
    if (fills) ++taken;
    *places++ = static_cast<int32_t>(i);
  }
}

}  // namespace
}  // namespace ate::kernels
