// How good a model with sparse attention is next to its dense teacher, on the whole validation part.
#pragma once

#include <optional>
#include <vector>

#include "pipeline/world.h"

namespace ate {

// The answers to queries of a recall source whose key stood so far back.
struct DistanceScore {
  int64_t nearest = 0;   // tokens from the key in the query back to the same key
  int64_t furthest = 0;  // 0: the key does not stand in the window
  int64_t targets = 0;
  double teacher_loss = 0, loss = 0;  // nats per answer
  double accuracy = 0;                // the share of answers that the model likes best
};

struct Score {
  int64_t targets = 0;
  double teacher_loss = 0, loss = 0;             // nats per target
  double standard_error = 0;                     // of their mean difference
  std::optional<double> teacher_excess, excess;  // exact, where the source's law is known
  double kl = 0;                                 // mean KL(teacher || model) at the logits, nats
  double logit_error = 0;                        // |logits - teacher's| / |teacher's|, over all of them
  double accuracy = 0, teacher_accuracy = 0;     // top-1, of the next token
  double agreement = 0;                          // both like the same token best
  double recall = 0;         // attention mass that the choice holds, mean over queries and sparse heads
  double oracle_recall = 0;  // of the best choice of k keys
  double leak = 0;           // causality canary: how far an earlier logit moves, see Progress::leak
  std::vector<DistanceScore> distances;  // recall sources only
};

Score score(const World& world, const ModelBox& model);

}  // namespace ate
