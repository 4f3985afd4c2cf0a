// The stages after the teacher: selector and approximator of the seed's one head, the hybrid, and students.
#pragma once

#include "pipeline/score.h"
#include "pipeline/selector_quality.h"

namespace ate {

// The seed's pipeline on one world.
struct HeadResult {
  double selector_loss = 0;      // cross-entropy to the strongest key, nats, last tenth of the steps
  double approximator_loss = 0;  // mean squared error, last tenth
  double approximator_r2 = 0;  // 1 - that error / the variance of the teacher's outputs, on held-out windows
  SelectorQuality quality;
  std::unique_ptr<ModelBox> hybrid;  // the teacher with head 0 of layer 0 replaced
  Score score;
};

// Selector on the strongest key, then approximator on the teacher's head output, as config.attention and config.train
// say; config.attention must be mlp_topk with one head of one layer. Throws StageStopped.
HeadResult train_head(const World& world, double save_seconds);

// A student: the teacher's parameters, every head and layer of this attention, all trained end to end: KL(teacher ||
// student) at the logits, and for a selector the cross-entropy to the teacher's attention over all keys, with
// attention.distil. `name` is that of its checkpoint.
struct Student {
  std::string name;
  AttentionConfig attention;
  std::unique_ptr<ModelBox> model;
  double loss = 0;  // KL at the logits, last tenth of the steps
  Score score;
};
Student train_student(const World& world, const std::string& name, const AttentionConfig& attention,
                      double save_seconds);

// The attention of a student of this kind that reads k keys: all heads, all layers, causal.
AttentionConfig student_attention(const World& world, AttentionKind kind, int64_t k);

}  // namespace ate
