// The embedding of any arm in a fused step.
#pragma once

#include "model/fused/context.h"

namespace ate {

template <class E>
class FusedEmbedding {
 public:
  // `noise`: the rows of tokens outside all bands, or nullptr.
  FusedEmbedding(FusedContext<E>& context, const float* noise);

  // x[m] = the row of tokens[m], plus its position's, with dropout.
  void forward(const int64_t* tokens, const LayerRows<E>& x, RandomKey key, uint32_t step);
  // From dx = dy + branch, or dy alone where that is nullptr; called after the gradient of a tied head has been written.
  void backward(const int64_t* tokens, const float* dy, const E* branch);

 private:
  // A table whose live rows are projected to the model's width.
  struct Projected {
    const EmbeddingBlock* block;
    const float* table;  // parameters
    float* dtable;
    float* live_rows =
        nullptr;  // where not all rows are live: these alone [n, w], their gradient, and operands
    float* dlive_rows = nullptr;
    E* live_operands = nullptr;
    const float* bias = nullptr;
    float* dbias = nullptr;
    float* rows = nullptr;  // [n, d], what tokens take
    float* drows = nullptr;
    E* drows_operand = nullptr;
    kernels::Product project, dweight, dinput;
  };

  void add_projected(const EmbeddingBlock& block, const BlockWeights<TensorId>& ids);
  void gather_live(const Projected& p);

  FusedContext<E>& c_;
  std::vector<Projected> projected_;
  std::vector<std::pair<float*, int64_t>>
      direct_;  // gradients of tables that tokens take rows of, and their sizes
  std::vector<const float*> row_of_token_;
  std::vector<float*> gradient_of_token_;  // nullptr: fixed
  const float* positions_ = nullptr;
  float* dpositions_ = nullptr;
  uint8_t* mask_;
};

}  // namespace ate
