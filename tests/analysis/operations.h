// Tiny attention, written as loops over numbers, that counts what it does: what the formulas are held
// against.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/shape.h"

namespace ate::testing {

// What was done: a multiply-add is two operations, everything else one.
struct Operations {
  int64_t multiply_adds = 0;
  int64_t others = 0;  // exponentials, additions, divisions, comparisons, lone products and differences

  int64_t flops() const { return 2 * multiply_adds + others; }
};

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

// Numbers that differ from one another; their values do not matter to any count.
Matrix numbers(int64_t rows, int64_t columns);

// a [n, m] times b [m, p].
Matrix product(const Matrix& a, const Matrix& b, Operations& done);

// Which keys query i may look at.
bool may_look(const Shape& shape, int64_t query, int64_t key);

// The terms of one head, forward.
Matrix scores(const Shape& shape, const Matrix& queries, const Matrix& keys, Operations& done);
Matrix softmax(const Shape& shape, const Matrix& scores, Operations& done);
Matrix mixing(const Shape& shape, const Matrix& weights, const Matrix& values, Operations& done);

// Their backward passes, given the gradient of the result.
void scores_backward(const Shape& shape, const Matrix& queries, const Matrix& keys, const Matrix& gradient,
                     Operations& done);
void softmax_backward(const Shape& shape, const Matrix& weights, const Matrix& gradient, Operations& done);
void mixing_backward(const Shape& shape, const Matrix& weights, const Matrix& values, const Matrix& gradient,
                     Operations& done);
// Of a [n, m] times b [m, p]: the gradients of a and of b.
void product_backward(const Matrix& a, const Matrix& b, const Matrix& gradient, Operations& done);

// The selector's logits from its hidden activations: all of them, or those that the query may look at.
Matrix visible_logits(const Shape& shape, const Matrix& hidden, const Matrix& weights, Operations& done);

// The k best of what each query may look at, through a tournament tree with k leaves (k a power of 2) that
// is replayed for each logit; logits rise along a row, so that each one enters: the worst case.
void top_k(const Shape& shape, Operations& done);

// The approximator's first layer: each selected value times its part of the weights.
void approximator_hidden(const Shape& shape, Operations& done);

}  // namespace ate::testing
