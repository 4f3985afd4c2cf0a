// A model with all that it rests on: plan of the embedding, layout, arena, fixed noise rows. A trial, a teacher, a student
// and a bench hold one each.
#pragma once

#include "config/trial.h"
#include "data/corpus.h"
#include "model/arena.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "model/model.h"

namespace ate {

struct Instance {
  // A trial's model, its parameters at their start, with what the config's optimiser keeps. Throws BadInput when the arm
  // cannot be built, such as for a band with no token.
  Instance(const Config& config, const TrialId& id, const Corpus& corpus, at::Device device);
  // All parameters 0. `noise`: [plan.noise_rows, d] of the options' type; undefined when there are none.
  Instance(const Config& config, EmbeddingPlan plan, const at::TensorOptions& options, at::Tensor noise);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  at::Device device() const { return arena.parameters.device(); }
  at::Tensor parameter(
      const std::string& name) const;  // a view, without gradient; std::out_of_range for another name

  // Draws the parameters by the config's laws.
  void initialise(RandomKey key);
  // Copies every parameter of the same name and shape.
  void copy_from(const Instance& other);
  // Goes on in another arena, with the values of this one.
  void move_to(Arena there);

  Config config;
  EmbeddingPlan plan;
  Layout layout;
  Arena arena;
  at::Tensor noise;  // fixed rows of tokens outside all bands
  Model model;
};

}  // namespace ate
