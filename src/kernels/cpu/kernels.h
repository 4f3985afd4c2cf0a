// The operations of a training step other than matrix products, fused so that each passes over its data once.
// Plain functions over pointers and sizes, no LibTorch. All arrays are row-major and dense; M = windows * T rows.
// The same sources are compiled for several instruction sets, of which one is chosen at run time.
//
// E is the type of the matrix products' operands: float, or bf16 with all else in float.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cpu/bf16.h"
#include "kernels/cpu/flash_attention.h"

namespace ate::kernels {

// What a dropout site draws in one step (src/model/dropout.h makes it).
struct DropoutDraw {
  uint32_t seed = 0, stream = 0;  // the key
  uint32_t site_word = 0;         // purpose and site
  uint32_t step = 0;
  uint32_t threshold = 0;  // of 65536: below it, an element is dropped
};

// A site's mask: bit i % 8 of byte i / 8 is set where element i is kept. nullptr bits: no dropout.
struct Mask {
  const uint8_t* bits = nullptr;
  float kept = 1;  // factor of a kept element, 1 / (1 - q)
};
// Bytes of a mask of so many elements, with what is drawn and read beyond its end.
constexpr int64_t mask_bytes(int64_t elements) { return elements / 8 + 32; }

struct AttentionShape {
  int64_t windows, length, heads, head_width;
  bool causal;

  static constexpr int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }
  int64_t width() const { return heads * head_width; }
  // Attention weights, each row padded to whole vectors.
  int64_t weights() const { return windows * heads * length * padded(length); }
  // Floats that an attention kernel needs to work in.
  int64_t scratch() const {
    return 6 * padded(length) * padded(head_width) + 2 * padded(head_width) * padded(length) +
           2 * length * padded(length);
  }
};

// LayerNorm (Ba et al. 2016); RMS norm (Zhang & Sennrich 2019), which takes no mean off; none: the row as it is.
enum class NormKind : uint8_t { layer, rms, none };

// What becomes of the rows of an in-projection, [M, p] with p = (heads + 2 kv_heads) head_width, on their way to attention.
struct HeadsMap {
  int64_t windows, length, heads, kv_heads, head_width;
  // Gains [head_width] of an RMS norm of each head of queries and of keys; nullptr: no norm.
  const float *query_gain = nullptr, *key_gain = nullptr;
  // Rotary positions: of the angles by which dimensions i and i + head_width / 2 are turned, [T, head_width / 2]; nullptr:
  // nothing turns.
  const float *cosines = nullptr, *sines = nullptr;

  int64_t columns() const { return (heads + 2 * kv_heads) * head_width; }
};
// Heads as [windows, heads, T] rows of head_width numbers that begin `stride` numbers apart. Keys and values are repeated for
// the heads of queries that share them.
struct HeadArrays {
  float *queries, *keys, *values;
  int64_t stride;
};
template <class E>
struct HeadsGradients {
  E* qkv;                        // [M, p]
  float* bias;                   // [p]
  float *query_gain, *key_gain;  // [head_width]; unused where the map has none
};

struct AdamStep {
  bool decoupled;         // AdamW
  float gradient_factor;  // the clip
  float rate, beta1, beta2, epsilon, weight_decay;
  float correction1, correction2_root;  // 1 - beta1^t; the root of 1 - beta2^t
};

template <class E>
struct Kernels {
  // x[m] = mask * (rows[tokens[m]] (+ positions[m % T])); `operand` is x as E, nullptr where E is float.
  void (*embed)(int64_t m, int64_t length, int64_t d, const int64_t* tokens, const float* const* rows,
                const float* positions, Mask mask, float* x, E* operand);
  // Adds dx = mask * (dy + branch) (branch may be nullptr) to the gradient row of each token, if it has one, and to `positions`, if
  // there are.
  void (*embed_backward)(int64_t m, int64_t length, int64_t d, const int64_t* tokens, float* const* rows,
                         float* positions, Mask mask, const float* dy, const E* branch);

  // s = residual + mask * (branch + bias); x = norm(s) * gain + shift, over d, epsilon 1e-5. Keeps the normalised row and 1 / deviation for backward. branch may be nullptr: s = residual.
  // x may be residual. `sum`: s, which goes on past the norm in pre-norm layers; may be residual; nullptr: not wanted.
  void (*norm)(NormKind kind, int64_t m, int64_t d, const float* residual, const E* branch, const float* bias,
               Mask mask, const float* gain, const float* shift, float* normalised, float* scale, float* sum,
               float* x, E* operand);
  // From dy + dy_branch (each may be nullptr) back to ds, to which the gradient of `sum` is added (nullptr: none), and to
  // mask * ds for the branch (nullptr: none). Writes the gradients of gain, shift and, with a branch, bias. ds may be dy or
  // dsum.
  void (*norm_backward)(NormKind kind, int64_t m, int64_t d, const float* dy, const E* dy_branch,
                        const float* dsum, const float* normalised, const float* scale, const float* gain,
                        Mask mask, float* ds, E* dbranch, float* dgain, float* dshift, float* dbias);

  // h = mask * max(0, h + bias), in place. [m, f]
  void (*relu)(int64_t m, int64_t f, E* h, const float* bias, Mask mask);
  // dh = dh * kept where h > 0, else 0, in place; writes the gradient of bias.
  void (*relu_backward)(int64_t m, int64_t f, const E* h, float kept, E* dh, float* dbias);
  // h = mask * gelu(x + bias), the exact one (Hendrycks & Gimpel 2016): x Phi(x). [m, f]
  void (*gelu)(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* h);
  // dh becomes the gradient of x, in place; writes the gradient of bias.
  void (*gelu_backward)(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* dh, float* dbias);
  // h = mask * silu(gate + gate_bias) * (x + bias) (Shazeer 2020). [m, f]
  void (*swiglu)(int64_t m, int64_t f, const E* x, const float* bias, const E* gate, const float* gate_bias,
                 Mask mask, E* h);
  // dh becomes the gradient of x, in place; writes those of the gate and of both biases.
  void (*swiglu_backward)(int64_t m, int64_t f, const E* x, const float* bias, const E* gate,
                          const float* gate_bias, Mask mask, E* dh, E* dgate, float* dbias,
                          float* dgate_bias);

  // Heads of queries, keys and values from qkv [M, p] without its bias [p].
  void (*split_heads)(const HeadsMap& map, const E* qkv, const float* bias, const HeadArrays& out);
  // From the gradients of the heads, which are overwritten.
  void (*split_heads_backward)(const HeadsMap& map, const E* qkv, const float* bias,
                               const HeadArrays& gradients, const HeadsGradients<E>& out);
  // Heads [windows, heads, T, head_width] to rows [M, heads head_width], and their gradients back.
  void (*join_heads)(const HeadsMap& map, const float* heads, E* rows);
  void (*join_heads_backward)(const HeadsMap& map, const E* rows, float* heads);

  // Scaled dot-product attention of a layer (Vaswani et al. 2017). qkv: [M, 3 d] without its bias [3 d];
  // weights: softmax before dropout, kept for backward; out: [M, d].
  void (*attention)(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask, float* weights,
                    E* out, float* scratch);
  // dqkv: [M, 3 d]; dbias: [3 d].
  void (*attention_backward)(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask,
                             const float* weights, const E* dout, E* dqkv, float* dbias, float* scratch);

  // Sum of the rows' cross-entropies in nats; logits [m, v] without bias become the gradient of their mean.
  // row: v floats to work in.
  double (*cross_entropy)(int64_t m, int64_t v, E* logits, const float* bias, const int64_t* targets,
                          float* dbias, float* row);

  // Bits of a mask, see Mask; draws whole groups of 128 elements. Eight elements share a Philox4x32-10 block (Salmon et
  // al. 2011), 16 bits each, the lower first; one is kept whose bits are not below the threshold.
  void (*draw_mask)(const DropoutDraw& draw, int64_t elements, uint8_t* bits);
  double (*sum_of_squares)(int64_t n, const float* x);
  // One update of all parameters (Kingma & Ba 2015; Loshchilov & Hutter 2019); copy: the parameters as E, nullptr
  // where E is float.
  void (*adam)(const AdamStep& step, int64_t n, float* parameters, const float* gradients, float* first,
               float* second, E* copy);
  void (*to_operand)(int64_t n, const float* x, E* out);  // rounds to nearest, ties to even
  void (*to_float)(int64_t n, const E* x, float* out);
  void (*column_sums)(int64_t m, int64_t n, const float* x, float* sums);

  // No part of a step: keeps the multiply-add units busy for so many rounds, writes 16 numbers, and returns how many
  // floating-point operations that were.
  int64_t (*multiply_adds)(int64_t rounds, float* sums);
};

struct KernelSet {
  std::string name;  // of the instruction set
  const Kernels<float>* fp32;
  const Kernels<bf16>* with_bf16;
  const FlashKernels* flash;
};

// What this processor can run, the best first; the last is the portable one.
const std::vector<KernelSet>& kernel_sets();

}  // namespace ate::kernels
