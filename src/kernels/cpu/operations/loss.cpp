// Softmax and cross-entropy, forward and backward in one pass over the logits.
#include <cmath>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {

template <class E>
double cross_entropy(int64_t m, int64_t v, E* logits, const float* bias, const int64_t* targets, float* dbias,
                     float* row) {
  const float share = 1 / static_cast<float>(m);
  set_zero(dbias, v);
  double loss = 0;
  for (int64_t i = 0; i < m; ++i) {
    E* logit = logits + i * v;
    Floats largest = splat(-INFINITY);
    for (int64_t j = 0; j < v; j += kLanes) {
      const Floats x = load(logit + j, v - j, -INFINITY) + load(bias + j, v - j);
      store(row + j, x, v - j);
      largest = max_of(largest, x);
    }
    const float top = largest_of(largest);
    const int64_t target = targets[i];
    const double chosen = static_cast<double>(row[target]) - static_cast<double>(top);
    Floats total = {};
    for (int64_t j = 0; j < v; j += kLanes) {
      const Floats e = exp_of(load(row + j, v - j, -INFINITY) - top);
      store(row + j, e, v - j);
      total += e;
    }
    const float sum = sum_of(total);
    loss += std::log(static_cast<double>(sum)) - chosen;
    const float factor = share / sum;
    row[target] -= sum;
    for (int64_t j = 0; j < v; j += kLanes) {
      const Floats g = load(row + j, v - j) * factor;
      store(logit + j, g, v - j);
      store(dbias + j, load(dbias + j, v - j) + g, v - j);
    }
  }
  return loss;
}

template decltype(cross_entropy<float>) cross_entropy<float>;
template decltype(cross_entropy<bf16>) cross_entropy<bf16>;

}  // namespace ate::kernels::ATE_INSTRUCTIONS
