// The kernels by name, within the namespace of one instruction set.
#pragma once

#include "kernels/cpu/flash_attention.h"
#include "kernels/cpu/kernels.h"

#ifndef ATE_INSTRUCTIONS
#error "kernels are compiled once per instruction set, with its name as ATE_INSTRUCTIONS"
#endif

namespace ate::kernels::ATE_INSTRUCTIONS {

template <class E>
void embed(int64_t m, int64_t length, int64_t d, const int64_t* tokens, const float* const* rows,
           const float* positions, Mask mask, float* x, E* operand);
template <class E>
void embed_backward(int64_t m, int64_t length, int64_t d, const int64_t* tokens, float* const* rows,
                    float* positions, Mask mask, const float* dy, const E* branch);
template <class E>
void norm(NormKind kind, int64_t m, int64_t d, const float* residual, const E* branch, const float* bias,
          Mask mask, const float* gain, const float* shift, float* normalised, float* scale, float* sum,
          float* x, E* operand);
template <class E>
void norm_backward(NormKind kind, int64_t m, int64_t d, const float* dy, const E* dy_branch,
                   const float* dsum, const float* normalised, const float* scale, const float* gain,
                   Mask mask, float* ds, E* dbranch, float* dgain, float* dshift, float* dbias);
template <class E>
void relu(int64_t m, int64_t f, E* h, const float* bias, Mask mask);
template <class E>
void relu_backward(int64_t m, int64_t f, const E* h, float kept, E* dh, float* dbias);
template <class E>
void gelu(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* h);
template <class E>
void gelu_backward(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* dh, float* dbias);
template <class E>
void swiglu(int64_t m, int64_t f, const E* x, const float* bias, const E* gate, const float* gate_bias,
            Mask mask, E* h);
template <class E>
void swiglu_backward(int64_t m, int64_t f, const E* x, const float* bias, const E* gate,
                     const float* gate_bias, Mask mask, E* dh, E* dgate, float* dbias, float* dgate_bias);
template <class E>
void split_heads(const HeadsMap& map, const E* qkv, const float* bias, const HeadArrays& out);
template <class E>
void split_heads_backward(const HeadsMap& map, const E* qkv, const float* bias, const HeadArrays& gradients,
                          const HeadsGradients<E>& out);
template <class E>
void join_heads(const HeadsMap& map, const float* heads, E* rows);
template <class E>
void join_heads_backward(const HeadsMap& map, const E* rows, float* heads);
template <class E>
void attention(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask, float* weights,
               E* out, float* scratch);
template <class E>
void attention_backward(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask,
                        const float* weights, const E* dout, E* dqkv, float* dbias, float* scratch);
template <class E>
double cross_entropy(int64_t m, int64_t v, E* logits, const float* bias, const int64_t* targets, float* dbias,
                     float* row);
void draw_mask(const DropoutDraw& draw, int64_t elements, uint8_t* bits);
double sum_of_squares(int64_t n, const float* x);
template <class E>
void adam(const AdamStep& step, int64_t n, float* parameters, const float* gradients, float* first,
          float* second, E* copy);
template <class E>
void to_operand(int64_t n, const float* x, E* out);
template <class E>
void to_float(int64_t n, const E* x, float* out);
void column_sums(int64_t m, int64_t n, const float* x, float* sums);
int64_t multiply_adds(int64_t rounds, float* sums);

void flash_pack(const FlashShape& shape, bool backward, int64_t kv_head, const float* k, const float* v,
                float* packed);
void flash_choose(const FlashShape& shape, int64_t task, const float* q, const float* packed,
                  int32_t* choice);
void flash_forward(const FlashShape& shape, int64_t task, const float* q, const float* packed,
                   int32_t* choice, float* out, float* log_sums);
void flash_backward(const FlashShape& shape, int64_t splits, int64_t task, const float* q,
                    const float* packed, const int32_t* choice, const float* dout, const float* log_sums,
                    const float* deltas, float* dq, float* dk, float* dv);
void flash_decode(const FlashShape& shape, const FlashCache& cache, int64_t kv_head, const float* q,
                  float* out);

// The whole tables, for the dispatcher.
const FlashKernels& flash_table();
template <class E>
const Kernels<E>& table();

}  // namespace ate::kernels::ATE_INSTRUCTIONS
