#include "analysis/operations.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ate::testing {
namespace {

double multiply_add(double a, double b, double sum, Operations& done) {
  ++done.multiply_adds;
  return a * b + sum;
}

double other(double result, Operations& done) {
  ++done.others;
  return result;
}

size_t at(int64_t index) { return static_cast<size_t>(index); }

Matrix zeros(size_t rows, size_t columns) { return Matrix(rows, Row(columns)); }

Matrix transposed(const Matrix& a) {
  Matrix out = zeros(a[0].size(), a.size());
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < a[i].size(); ++j) out[j][i] = a[i][j];
  return out;
}

// A tournament tree whose root is the least of its leaves.
class Tournament {
 public:
  explicit Tournament(size_t leaves)
      : leaves_(leaves), least_(2 * leaves, -std::numeric_limits<double>::infinity()) {}

  // Replaces the least leaf by a larger number: one comparison on each level.
  void replace_least(double number, Operations& done) {
    size_t node = 1;
    while (node < leaves_) node = least_[2 * node] == least_[node] ? 2 * node : 2 * node + 1;
    least_[node] = number;
    for (node /= 2; node > 0; node /= 2)
      least_[node] = other(std::min(least_[2 * node], least_[2 * node + 1]), done);
  }
  double least() const { return least_[1]; }

 private:
  size_t leaves_;
  std::vector<double> least_;  // node i has the children 2 i and 2 i + 1
};

}  // namespace

Matrix numbers(int64_t rows, int64_t columns) {
  Matrix out = zeros(at(rows), at(columns));
  double next = 0.25;
  for (Row& row : out)
    for (double& x : row) x = std::sin(next += 1);
  return out;
}

Matrix product(const Matrix& a, const Matrix& b, Operations& done) {
  Matrix out = zeros(a.size(), b[0].size());
  for (size_t i = 0; i < out.size(); ++i)
    for (size_t j = 0; j < out[i].size(); ++j)
      for (size_t c = 0; c < b.size(); ++c) out[i][j] = multiply_add(a[i][c], b[c][j], out[i][j], done);
  return out;
}

bool may_look(const Shape& shape, int64_t query, int64_t key) { return !shape.causal || key <= query; }

Matrix scores(const Shape& shape, const Matrix& queries, const Matrix& keys, Operations& done) {
  Matrix out = zeros(queries.size(), keys.size());
  for (int64_t i = 0; i < shape.length; ++i)
    for (int64_t j = 0; j < shape.length; ++j)
      for (size_t c = 0; may_look(shape, i, j) && c < keys[0].size(); ++c)
        out[at(i)][at(j)] = multiply_add(queries[at(i)][c], keys[at(j)][c], out[at(i)][at(j)], done);
  return out;
}

Matrix softmax(const Shape& shape, const Matrix& s, Operations& done) {
  Matrix out = zeros(s.size(), s.size());
  for (int64_t i = 0; i < shape.length; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < shape.length; ++j) {
      if (!may_look(shape, i, j)) continue;
      out[at(i)][at(j)] = other(std::exp(s[at(i)][at(j)]), done);
      sum = other(sum + out[at(i)][at(j)], done);
    }
    for (int64_t j = 0; j < shape.length; ++j)
      if (may_look(shape, i, j)) out[at(i)][at(j)] = other(out[at(i)][at(j)] / sum, done);
  }
  return out;
}

Matrix mixing(const Shape& shape, const Matrix& weights, const Matrix& values, Operations& done) {
  Matrix out = zeros(values.size(), values[0].size());
  for (int64_t i = 0; i < shape.length; ++i)
    for (int64_t j = 0; j < shape.length; ++j)
      for (size_t c = 0; may_look(shape, i, j) && c < values[0].size(); ++c)
        out[at(i)][c] = multiply_add(weights[at(i)][at(j)], values[at(j)][c], out[at(i)][c], done);
  return out;
}

void scores_backward(const Shape& shape, const Matrix& queries, const Matrix& keys, const Matrix& gradient,
                     Operations& done) {
  Matrix of_queries = zeros(queries.size(), queries[0].size());
  Matrix of_keys = of_queries;
  for (int64_t i = 0; i < shape.length; ++i)
    for (int64_t j = 0; j < shape.length; ++j)
      for (size_t c = 0; may_look(shape, i, j) && c < keys[0].size(); ++c) {
        of_queries[at(i)][c] =
            multiply_add(gradient[at(i)][at(j)], keys[at(j)][c], of_queries[at(i)][c], done);
        of_keys[at(j)][c] = multiply_add(gradient[at(i)][at(j)], queries[at(i)][c], of_keys[at(j)][c], done);
      }
}

void softmax_backward(const Shape& shape, const Matrix& weights, const Matrix& gradient, Operations& done) {
  for (int64_t i = 0; i < shape.length; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < shape.length; ++j)
      if (may_look(shape, i, j)) {
        const double weighted = other(weights[at(i)][at(j)] * gradient[at(i)][at(j)], done);
        sum = other(sum + weighted, done);
      }
    for (int64_t j = 0; j < shape.length; ++j)
      if (may_look(shape, i, j)) {
        const double centred = other(gradient[at(i)][at(j)] - sum, done);
        (void)other(weights[at(i)][at(j)] * centred, done);
      }
  }
}

void mixing_backward(const Shape& shape, const Matrix& weights, const Matrix& values, const Matrix& gradient,
                     Operations& done) {
  Matrix of_weights = zeros(weights.size(), weights.size());
  Matrix of_values = zeros(values.size(), values[0].size());
  for (int64_t i = 0; i < shape.length; ++i)
    for (int64_t j = 0; j < shape.length; ++j)
      for (size_t c = 0; may_look(shape, i, j) && c < values[0].size(); ++c) {
        of_weights[at(i)][at(j)] =
            multiply_add(gradient[at(i)][c], values[at(j)][c], of_weights[at(i)][at(j)], done);
        of_values[at(j)][c] =
            multiply_add(gradient[at(i)][c], weights[at(i)][at(j)], of_values[at(j)][c], done);
      }
}

void product_backward(const Matrix& a, const Matrix& b, const Matrix& gradient, Operations& done) {
  (void)product(gradient, transposed(b), done);
  (void)product(transposed(a), gradient, done);
}

Matrix visible_logits(const Shape& shape, const Matrix& hidden, const Matrix& weights, Operations& done) {
  const bool all = shape.selector_outputs == SelectorOutputs::all;
  Matrix out = zeros(hidden.size(), weights[0].size());
  for (int64_t i = 0; i < shape.length; ++i)
    for (int64_t j = 0; j < shape.length; ++j)
      for (size_t c = 0; (all || may_look(shape, i, j)) && c < weights.size(); ++c)
        out[at(i)][at(j)] = multiply_add(hidden[at(i)][c], weights[c][at(j)], out[at(i)][at(j)], done);
  return out;
}

void top_k(const Shape& shape, Operations& done) {
  for (int64_t i = 0; i < shape.length; ++i) {
    Tournament best(at(shape.keys));
    double largest = -1;
    for (int64_t j = 0; j < shape.length; ++j) {
      if (!may_look(shape, i, j)) continue;
      if (shape.keys == 1)
        largest = other(std::max(largest, static_cast<double>(j)), done);
      else
        best.replace_least(static_cast<double>(j), done);
    }
  }
}

void approximator_hidden(const Shape& shape, Operations& done) {
  const Matrix weights = numbers(shape.keys * shape.head_size(), shape.hidden);
  const Matrix values = numbers(shape.length, shape.head_size());
  for (int64_t i = 0; i < shape.length; ++i) {
    Row hidden(at(shape.hidden));
    int64_t slot = 0;
    for (int64_t j = 0; j < shape.length && slot < shape.keys; ++j) {
      if (!may_look(shape, i, j)) continue;
      for (int64_t c = 0; c < shape.head_size(); ++c)
        for (int64_t o = 0; o < shape.hidden; ++o)
          hidden[at(o)] = multiply_add(values[at(j)][at(c)], weights[at(slot * shape.head_size() + c)][at(o)],
                                       hidden[at(o)], done);
      ++slot;
    }
  }
}

}  // namespace ate::testing
