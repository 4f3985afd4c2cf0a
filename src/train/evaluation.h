// Scores a model on windows: mean loss with its standard error, by position and by frequency band, and exact excess loss
// where the source's law is known.
#pragma once

#include <optional>

#include "data/bands.h"
#include "model/model.h"
#include "train/data.h"
#include "train/excess.h"
#include "train/progress.h"

namespace ate {

class Evaluator {
 public:
  // `data` outlives it.
  Evaluator(const TrialData& data, at::Device device);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // The loss on a part's windows; of sampled ones, on draw number `draw`. Where it was made is the caller's to set.
  Evaluation evaluate(const Model& model, int64_t draw, EvaluationPart part) const;

  // Causality canary: changes a token in the middle of a window and returns by how much any earlier logit moves, which is
  // 0 for an honest model: those logits predict it or something before it. 0 for the bag, whose target is not in the window.
  double leak(const Model& model) const;

 private:
  const TrialData& data_;
  std::vector<Band> band_of_;           // of each token
  std::optional<ExcessScorer> scorer_;  // where the source's law is known
  at::Device device_;
};

// The same canary over several windows and places of change. tokens: [n, T].
double largest_leak(const Model& model, const at::Tensor& tokens, const std::vector<int64_t>& places,
                    int64_t vocabulary);

// The laws of the targets of windows of `length` tokens on the host, the last `predictions` of each window.
std::vector<NextLaw> target_laws(const Source& source, const at::Tensor& windows, int64_t length,
                                 int64_t predictions);

}  // namespace ate
