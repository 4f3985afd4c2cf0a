// The original report's sparse head: an MLP on the query alone gives every position of the window a score, the k best
// are chosen, and a second MLP makes the head's output from their values side by side. No key is read.
//   selector.0.weight, .bias      [H, h, hd], [H, h]       then ReLU
//   selector.2.weight, .bias      [H, W, h], [H, W]        W: the window's length
//   approximator.0.weight, .bias  [H, h, k hd], [H, h]     then ReLU
//   approximator.2.weight, .bias  [H, hd, h], [H, hd]
// The selected values stand in the order of their scores, the best first; where fewer than k may be read the rest are
// zeros. With attention.approximator = false the chosen keys are read and attention over them is exact.
#pragma once

#include "model/attention/attention.h"

namespace ate {

class MlpTopKAttention : public SparseAttention {
 public:
  MlpTopKAttention(const Config& config, const FindParameter& find);

  Selection select(const HeadInputs& x) const override;
  at::Tensor attend(const HeadInputs& x, const WeightDropout* dropout) const override;
  at::Tensor selector_scores(const HeadInputs& x) const override;

  // The selector's scores of queries [H, R, hd] -> [H, R, W], without a mask.
  at::Tensor score(const at::Tensor& queries) const;
  // The head's output from k values side by side, [H, R, k hd] -> [H, R, hd].
  at::Tensor approximate(const at::Tensor& selected) const;

 private:
  struct Layer {
    at::Tensor weight, bias;                           // [H, out, in], [H, out]
    at::Tensor operator()(const at::Tensor& x) const;  // [H, R, in] -> [H, R, out]
  };

  int64_t k_;
  bool causal_, approximates_;
  Layer selector_in_, selector_out_, approximator_in_, approximator_out_;
};

}  // namespace ate
