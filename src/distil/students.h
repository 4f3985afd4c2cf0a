// Students: a dense teacher's parameters with every head and layer of another attention, all trained end to end.
#pragma once

#include <memory>

#include "distil/result.h"
#include "distil/teacher.h"

namespace ate {

struct Student {
  StudentResult result;
  std::unique_ptr<Instance> model;
};

// By KL(teacher || student) at the logits, and for a selector the cross-entropy to the teacher's attention over all keys,
// with attention.distil. One that diverges has no score. Throws Interrupted.
Student train_student(const Teacher& teacher, const AttentionConfig& attention);

// The attention of a student of this kind that reads k keys: all heads, all layers, causal. Settings of the config's own
// kind hold for students of that kind.
AttentionConfig student_attention(const Teacher& teacher, AttentionKind kind, int64_t k);

// What each costs beside what it loses: k = T/32, T/16, T/8 and T/4, where at least 1. Throws Interrupted.
FrontierResult run_frontier(const Teacher& teacher);

}  // namespace ate
