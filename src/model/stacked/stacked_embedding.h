// The embeddings of all models of a stack, whatever their tables: rows are gathered from the flat arrays by
// index, so that arms with other bands and widths share the same few operations. Forward and backward by
// hand.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/stacked/stack.h"

namespace ate {

class StackedEmbedding {
 public:
  // `width`: d.
  StackedEmbedding(const std::vector<Replica>& replicas, const Arena& stack, int64_t width);

  // tokens: [R, M] of int64 -> [R, M, d], without a gradient of its own.
  at::Tensor forward(const at::Tensor& tokens);
  // Adds the gradient of the rows of the last forward(), [R, M, d], into the stack's.
  void backward(const at::Tensor& gradient);

 private:
  // Where tokens have their rows in the flat arrays: of G tables, each of one replica.
  struct Rows {
    at::Tensor first;   // [G, V] of int64: element at which a token's row starts; of a token of another table
                        // the first element of its own replica, so that replicas never touch each other
    at::Tensor inside;  // [G, V]: 1 for the table's own tokens, else 0
    at::Tensor columns;   // [width of the rows] of int64: 0, 1, ...
    at::Tensor elements;  // [G, M, width] of int64: of the last tokens
    at::Tensor own;       // [G, M, 1]: inside, of the last tokens
  };
  // All projected tables of one width.
  struct Projected {
    Rows rows;
    at::Tensor replica;  // [G] of int64
    at::Tensor weight,
        bias;  // [G, d, width] and [G, 1, d] of int64: elements; bias undefined when there is none
    at::Tensor x, projection;  // [G, M, width] and [G, d, width]: of the last tokens
  };

  class Builder;
  at::Tensor gather(Rows& rows, const at::Tensor& tokens) const;
  void add_gradient(const at::Tensor& elements, const at::Tensor& gradient);

  at::Tensor parameters_, gradients_;  // [R * S]
  Rows direct_;                        // tables of width d without a projection: one entry per replica
  std::vector<Projected> projected_;
  at::Tensor noise_, noise_row_;  // [1 + rows of all replicas, d], the first of zeros; [R, V] of int64
};

}  // namespace ate
