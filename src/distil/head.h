// The original report's one head: a selector and an approximator trained on what a dense teacher's head 0 of layer 0 read
// and made.
#pragma once

#include "distil/result.h"
#include "distil/selector_quality.h"

namespace ate {

struct TrainedHead {
  HeadResult result;
  std::unique_ptr<Instance> hybrid;  // the teacher with head 0 of layer 0 replaced
};

// Selector on the strongest key, then approximator on the teacher's head output, as config.attention and config.train
// say; config.attention must be mlp_topk with one head of one layer. Throws Interrupted.
TrainedHead train_head(const Teacher& teacher);

}  // namespace ate
