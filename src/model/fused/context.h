// What the parts of a fused step share: kernels, sizes, the parameters, and memory.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "config/derived.h"
#include "kernels/cpu/kernels.h"
#include "kernels/cpu/product.h"
#include "kernels/profile.h"
#include "model/dropout.h"
#include "model/fused/fused_step.h"

namespace ate {

// Arrays that live as long as it does, each on a page of its own, so that libraries see the same alignment in every
// run and give the same bits.
class Buffers {
 public:
  template <class T>
  T* take(int64_t count) {
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) / kPage + 1) * kPage;
    void* memory = std::aligned_alloc(kPage, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, bytes);
    arrays_.emplace_back(memory, &std::free);
    return static_cast<T*>(memory);
  }

 private:
  static constexpr size_t kPage = 4096;
  std::vector<std::unique_ptr<void, void (*)(void*)>> arrays_;
};

// What one layer hands to the next, [M, d], as floats and as operand of products: one array where E is float.
template <class E>
struct LayerRows {
  float* stream;
  E* operand;
};

template <class E>
const kernels::Kernels<E>& kernels_of(const kernels::KernelSet& set) {
  if constexpr (std::is_same_v<E, float>)
    return *set.fp32;
  else
    return *set.with_bf16;
}

template <class E>
struct FusedContext {
  FusedContext(const Config& c, const EmbeddingPlan& p, const Layout& l, const HostArrays& a,
               const kernels::KernelSet& kernel_set, HeadAttention* of_heads)
      : config(c),
        plan(p),
        layout(l),
        arrays(a),
        kernel(kernels_of<E>(kernel_set)),
        set(kernel_set),
        attention(of_heads),
        rows(c.windows.batch * c.windows.length),
        width(c.body.width) {
    if constexpr (std::is_same_v<E, float>) {
      operands = arrays.parameters;
    } else {
      operands = buffers.template take<E>(layout.size);
      stream = buffers.template take<float>(rows * width);
    }
    const int64_t longest =
        std::max({in_projection_rows(c.body), hidden_width(c.body), c.source.vocabulary, width});
    no_bias = buffers.template take<float>(longest);
    no_dbias = buffers.template take<float>(longest);
  }

  // What follows belongs to `part`.
  void enter(StepPart part) const {
    if (profile != nullptr) profile->enter(part);
  }

  // A bias that the model has not is zeros, and its gradient goes nowhere.
  const float* weight(TensorId id) const { return id ? arrays.parameters + layout.at(id).offset : no_bias; }
  const E* operand(TensorId id) const { return operands + layout.at(id).offset; }
  float* gradient(TensorId id) const { return id ? arrays.gradients + layout.at(id).offset : no_dbias; }

  // The mask of a site, whose bits were drawn before; none where nothing is dropped.
  kernels::Mask mask(uint32_t site, const uint8_t* bits) const {
    const double p = dropout_probability(config.body, site);
    return p == 0 ? kernels::Mask{} : kernels::Mask{bits, kept_factor(p)};
  }
  // The same, drawn into `bits`.
  kernels::Mask draw(RandomKey key, uint32_t step, uint32_t site, int64_t elements, uint8_t* bits) const {
    const double p = dropout_probability(config.body, site);
    if (p > 0) {
      enter(StepPart::masks);
      kernel.draw_mask(dropout_draw(key, site, step, p), elements, bits);
    }
    return mask(site, bits);
  }

  // bf16: the floats are overwritten by the next activation, the operands stay.
  LayerRows<E> layer_rows() {
    E* const array = buffers.template take<E>(rows * width);
    if constexpr (std::is_same_v<E, float>)
      return {array, array};
    else
      return {stream, array};
  }

  const Config config;
  const EmbeddingPlan plan;
  const Layout layout;
  const HostArrays arrays;
  const kernels::Kernels<E>& kernel;
  const kernels::KernelSet& set;
  HeadAttention* const attention;  // nullptr: no layer leaves its heads to another
  const int64_t rows, width;       // M = B * T and d
  Buffers buffers;
  E* operands = nullptr;  // all parameters as E, at the layout's offsets
  float* stream = nullptr;
  float *no_bias = nullptr, *no_dbias = nullptr;
  Profile* profile = nullptr;  // nullptr: no one asks where the time goes
};

// A linear map y = x W^T and its backward; the bias belongs to the kernels before and after it.
template <class E>
struct LinearProducts {
  LinearProducts() = default;
  // x: [M, in], y: [M, out]; dy: [M, out] becomes dx: [M, in], or is added to it, and the weight's gradient.
  LinearProducts(const FusedContext<E>& c, const E* weight, float* dweight, int64_t in, int64_t out,
                 const E* x, E* y, const E* dy, E* dx, kernels::Into into_dx = kernels::Into::replace)
      : forward(kernels::Form::nt, c.rows, out, in, x, weight, y),
        backward(kernels::Form::nn, c.rows, in, out, dy, weight, dx, into_dx),
        gradient(kernels::Form::tn, out, in, c.rows, dy, x, dweight) {}

  kernels::Product forward, backward, gradient;
};

}  // namespace ate
