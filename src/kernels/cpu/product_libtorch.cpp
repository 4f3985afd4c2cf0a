#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include "kernels/cpu/product.h"

namespace ate::kernels {
namespace {

at::Tensor view(const void* data, at::ScalarType type, int64_t rows, int64_t columns, bool transposed) {
  // The arrays are only read through const views; LibTorch has no tensors of constant data.
  void* const bytes = const_cast<void*>(data);
  if (transposed) return at::from_blob(bytes, {columns, rows}, {1, columns}, at::TensorOptions(type));
  return at::from_blob(bytes, {rows, columns}, at::TensorOptions(type));
}

}  // namespace

struct Product::Plan {
  Plan(Form form, int64_t m, int64_t n, int64_t k, const void* a_data, const void* b_data,
       at::ScalarType type, void* c_data, at::ScalarType c_type, Into into = Into::replace)
      : a(form == Form::tn ? view(a_data, type, k, m, true) : view(a_data, type, m, k, false)),
        b(form == Form::nt ? view(b_data, type, n, k, true) : view(b_data, type, k, n, false)),
        c(view(c_data, c_type, m, n, false)),
        adds(into == Into::add) {
    // LibTorch rounds a product of bf16 to bf16.
    if (c_type != type) rounded = at::empty({m, n}, at::TensorOptions(type));
  }

  at::Tensor a, b;
  mutable at::Tensor c, rounded;
  bool adds;
};

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
                 Into into)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, at::kFloat, c, at::kFloat, into)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, bf16* c, Into into)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, at::kBFloat16, c, at::kBFloat16, into)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, float* c)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, at::kBFloat16, c, at::kFloat)) {}

void Product::operator()() const {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (plan_->adds) {
    at::addmm_out(plan_->c, plan_->c, plan_->a, plan_->b);
    return;
  }
  if (!plan_->rounded.defined()) {
    at::mm_out(plan_->c, plan_->a, plan_->b);
    return;
  }
  at::mm_out(plan_->rounded, plan_->a, plan_->b);
  plan_->c.copy_(plan_->rounded);
}

std::string product_library() { return "LibTorch " ATE_LIBTORCH_VERSION; }

}  // namespace ate::kernels
