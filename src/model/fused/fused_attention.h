// Attention of a layer in a fused step, with its dropout: from the in-projection's rows to those that the out-projection reads.
#pragma once

#include <memory>

#include "model/fused/context.h"

namespace ate {

// Arrays that the layers' attention uses in turn, made when they are first asked for.
class AttentionScratch {
 public:
  float* work(Buffers& buffers, int64_t count) { return once(buffers, work_, count); }
  float* heads(Buffers& buffers, int64_t count) { return once(buffers, heads_, count); }
  float* dheads(Buffers& buffers, int64_t count) { return once(buffers, dheads_, count); }

 private:
  static float* once(Buffers& buffers, float*& array, int64_t count) {
    if (array == nullptr) array = buffers.take<float>(count);
    return array;
  }
  float *work_ = nullptr, *heads_ = nullptr, *dheads_ = nullptr;
};

template <class E>
struct AttentionRows {
  const E* qkv;     // [M, p], p = in_projection_rows, without its bias
  E* mixed;         // [M, d]
  const E* dmixed;  // their gradients
  E* dqkv;
};

template <class E>
class FusedAttention {
 public:
  virtual ~FusedAttention() = default;
  virtual void forward(RandomKey key, uint32_t step) = 0;
  // Writes the gradient of the bias too.
  virtual void backward() = 0;
};

template <class E>
std::unique_ptr<FusedAttention<E>> make_fused_attention(FusedContext<E>& context, AttentionScratch& scratch,
                                                        int64_t layer, const AttentionRows<E>& rows);

}  // namespace ate
