#include "kernels/cpu/product.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include "kernels/cpu/kernels.h"

namespace ate::kernels {
namespace {

at::Tensor view(const void* data, at::ScalarType type, int64_t rows, int64_t columns, bool transposed) {
  // The arrays are only read through const views; LibTorch has no tensors of constant data.
  void* const bytes = const_cast<void*>(data);
  if (transposed) return at::from_blob(bytes, {columns, rows}, {1, columns}, at::TensorOptions(type));
  return at::from_blob(bytes, {rows, columns}, at::TensorOptions(type));
}

}  // namespace

struct Product::Views {
  Views(Form form, int64_t m, int64_t n, int64_t k, const void* a_data, const void* b_data, void* c_data,
        at::ScalarType type)
      : a(form == Form::tn ? view(a_data, type, k, m, true) : view(a_data, type, m, k, false)),
        b(form == Form::nt ? view(b_data, type, n, k, true) : view(b_data, type, k, n, false)),
        c(view(c_data, type, m, n, false)) {}

  at::Tensor a, b;
  mutable at::Tensor c;
  float* widened = nullptr;  // where the result goes as floats, if it does
};

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c)
    : views_(std::make_shared<Views>(form, m, n, k, a, b, c, at::kFloat)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, bf16* c)
    : views_(std::make_shared<Views>(form, m, n, k, a, b, c, at::kBFloat16)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, float* c,
                 bf16* rounded) {
  auto views = std::make_shared<Views>(form, m, n, k, a, b, rounded, at::kBFloat16);
  views->widened = c;
  views_ = std::move(views);
}

void Product::operator()() const {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  at::mm_out(views_->c, views_->a, views_->b);
  if (views_->widened != nullptr)
    kernel_sets().front().with_bf16->to_float(
        views_->c.numel(), static_cast<const bf16*>(views_->c.const_data_ptr()), views_->widened);
}

}  // namespace ate::kernels
