// What a trial holds that needs LibTorch: for trial.cpp, and for stacks, which train many trials at once.
#pragma once

#include <memory>
#include <vector>

#include "data/bands.h"
#include "data/corpus.h"
#include "data/source.h"
#include "data/windows.h"
#include "model/model.h"
#include "train/excess.h"
#include "train/step.h"
#include "train/trial.h"

namespace ate {

// Copies values on the host into a flat array on any device.
void fill(at::Tensor& flat, const float* values, size_t bytes);

struct Trial::State {
  State(const Config& config, const TrialId& id, at::Device device);

  // Goes on in another arena, with the values of this one.
  void move_to(const Config& config, Arena there);

  // The windows that start at starts[first] and on, each with its target: [count, T + 1] on the host.
  at::Tensor gather_on_host(const WindowStarts& starts, int64_t first, int64_t count, int64_t length) const;
  // The same on the device.
  at::Tensor gather(const WindowStarts& starts, int64_t first, int64_t count, int64_t length) const {
    return gather_on_host(starts, first, count, length).to(arena.parameters.device());
  }

  RandomKey key;
  std::shared_ptr<const Source> source;
  Corpus corpus;
  std::vector<Band> band_of;
  EmbeddingPlan plan;
  Layout layout;
  Arena arena;
  at::Tensor noise;  // fixed rows of tokens outside all bands
  Model model;
  std::unique_ptr<TrainingStep> step;
  int64_t steps;                         // of an epoch
  std::unique_ptr<ExcessScorer> scorer;  // where the source's law is known
};

}  // namespace ate
