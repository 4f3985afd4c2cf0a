// How fast this processor can multiply: the matrix products that a training step consists of, one by one, and
// the limits that a step is held against. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "kernels/cpu/product.h"
#include "model/embedding_plan.h"

namespace ate {

struct ProductShape {
  std::string name;  // "linear1 forward"
  kernels::Form form;
  int64_t m, n, k;
  int64_t times = 1;  // in a step

  bool operator==(const ProductShape&) const = default;

  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

// Every product that the library does in one step of the fused encoder: not those of attention, which has
// kernels of its own.
std::vector<ProductShape> step_products(const Config& config, const EmbeddingPlan& plan);

// A large product of square matrices, 1024 x 1024 x 1024.
ProductShape square_product();

// FLOP/s of a product over arrays of random numbers, through the library that the step uses: of the fastest
// of a few short runs. On the calling thread, and by its own clock, unless `threads` says more.
double product_rate(const ProductShape& shape, Dtype dtype, int threads);

// FLOP/s of multiply-adds in fp32 between registers, in the best instruction set: `threads` of them at once,
// summed.
double multiply_add_rate(int threads);

}  // namespace ate
