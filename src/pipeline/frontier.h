// Students of every kind and k of one teacher, with what each costs.
#pragma once

#include "pipeline/stages.h"

namespace ate {

struct FrontierPoint {
  Student student;
  double flops = 0;    // of one head, forward, per token: model/flops.h
  double seconds = 0;  // of one layer's attention on a batch, forward, median
};

struct FrontierResult {
  double dense_flops = 0;
  double dense_seconds = 0;  // plain operations, as the students' are
  double teacher_loss = 0;
  std::vector<FrontierPoint> points;
};

// k = T/32, T/16, T/8 and T/4, where at least 1. Throws StageStopped.
FrontierResult run_frontier(const World& world, double save_seconds);

}  // namespace ate
