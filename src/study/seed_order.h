// The seeds of a study in the order in which its plan takes them. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

struct SeedOrder {
  std::vector<int64_t> seeds;
  std::vector<Look> looks;
  int ended = 0;  // how many of the first seeds have ended, finished or diverged, in every arm
};

// The plan's order, then the seeds of the study that it does not name.
SeedOrder order_of(const StudyResult& result, const SeedPlan& plan);

// Of the seeds that have ended in every arm; see paired_difference for one.
OrderedDifferences ordered_differences(const StudyResult& result, const SeedOrder& order, const Arm& arm,
                                       const Arm& baseline);

// For comparisons made together.
std::vector<AnytimeNumbers> anytime_numbers(const std::vector<OrderedDifferences>& comparisons);

}  // namespace ate
