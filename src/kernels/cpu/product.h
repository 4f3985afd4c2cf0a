// Matrix products, by a library, over arrays that stay where they are: the views are made once.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/cpu/bf16.h"

namespace ate::kernels {

// How the two factors lie in memory, row-major, of C [m, n] = A B with k terms.
enum class Form {
  nt,  // A: [m, k], B: [n, k], transposed
  nn,  // A: [m, k], B: [k, n]
  tn,  // A: [k, m], transposed, B: [k, n]
};

// A product of fixed arrays, run as often as wanted on the calling thread. bf16 factors are summed in float.
class Product {
 public:
  Product() = default;
  Product(Form form, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c);
  Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, bf16* c);
  // The result goes through `rounded`, an array of m * n, to a float array.
  Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, float* c, bf16* rounded);

  void operator()() const;

 private:
  struct Views;
  std::shared_ptr<const Views> views_;
};

}  // namespace ate::kernels
