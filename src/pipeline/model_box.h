// A model with all that it stands on, outside any trial: a teacher loaded from its checkpoint, a hybrid, a student.
#pragma once

#include "data/corpus.h"
#include "data/source.h"
#include "model/arena.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "model/model.h"
#include "train/progress.h"

namespace ate {

class SafetensorsFile;

struct ModelBox {
  // Parameters start by the config's laws from the trial's seed.
  ModelBox(const Config& settings, TrialId id, const Corpus& corpus, at::Device device);
  ModelBox(const ModelBox&) = delete;
  ModelBox& operator=(const ModelBox&) = delete;

  at::Tensor parameter(const std::string& name) const;  // a view, without gradient
  // Copies every parameter of the same name and shape.
  void copy_from(const ModelBox& other);

  Config config;
  EmbeddingPlan plan;
  Layout layout;
  Arena arena;
  Model model;
};

// Reads the parameters of `layout` from a file that has them all.
void load_parameters(const Layout& layout, Arena& arena, const SafetensorsFile& file);

// The windows that start there, each with its target: [count, T + 1] on the host.
at::Tensor read_windows(const Corpus& corpus, const std::vector<int64_t>& starts, int64_t length);

}  // namespace ate
