// Matrix products, by a library, over arrays that stay where they are: what the library wants to know of them is made
// once. Which library is chosen when ate is built: oneDNN (product_onednn.cpp) or LibTorch (product_libtorch.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/cpu/bf16.h"

namespace ate::kernels {

// How the two factors lie in memory, row-major, of C [m, n] = A B with k terms.
enum class Form {
  nt,  // A: [m, k], B: [n, k], transposed
  nn,  // A: [m, k], B: [k, n]
  tn,  // A: [k, m], transposed, B: [k, n]
};

// What becomes of a product: it replaces C or is added to it.
enum class Into : bool { replace, add };

// A product of fixed arrays, run as often as wanted on the calling thread. bf16 factors are summed in float.
class Product {
 public:
  Product() = default;
  Product(Form form, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
          Into into = Into::replace);
  Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, bf16* c,
          Into into = Into::replace);
  Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, float* c);

  void operator()() const;

 private:
  struct Plan;
  std::shared_ptr<const Plan> plan_;
};

// The library and its version, such as "oneDNN 2.6.3".
std::string product_library();

}  // namespace ate::kernels
