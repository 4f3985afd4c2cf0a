// What a trial holds that needs LibTorch: for trial.cpp, and for stacks, which train many trials at once.
#pragma once

#include <memory>

#include "model/instance.h"
#include "train/data.h"
#include "train/evaluation.h"
#include "train/step.h"
#include "train/trial.h"

namespace ate {

struct Trial::State {
  State(const Config& config, const TrialId& id, at::Device device)
      : data(config, id),
        model(config, id, data.corpus, device),
        evaluator(data, device),
        step(std::make_unique<TrainingStep>(model)) {}

  // Goes on in another arena, with the values of this one.
  void move_to(Arena there) {
    model.move_to(std::move(there));
    step = std::make_unique<TrainingStep>(model);
  }

  TrialData data;
  Instance model;
  Evaluator evaluator;
  std::unique_ptr<TrainingStep> step;
};

}  // namespace ate
