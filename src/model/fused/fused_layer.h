// An encoder layer in a fused step. With a sublayer's branch comes the norm behind its residual sum:
//   post: x -> norm1(x + attention(x)) -> norm2(that + feed-forward(that)).
//   pre:  the stream s goes by, and x = norm1(s) comes in normed: s += attention(x), norm2(s) = y, s += feed-forward(y), and
//         out goes norm(s) by the next layer's norm1 or the last norm, where there is one.
// A layer of attention alone has the first sublayer, and in pre the norm behind it is the next layer's.
#pragma once

#include <memory>
#include <optional>

#include "model/fused/context.h"
#include "model/fused/fused_attention.h"
#include "model/fused/fused_feed_forward.h"
#include "model/fused/fused_norm.h"

namespace ate {

// Arrays that all layers use in turn.
template <class E>
struct LayerScratch {
  explicit LayerScratch(FusedContext<E>& context);

  E* branch;                  // [M, d] what a sublayer adds to the stream, before its bias
  E* dbranch;                 // [M, d] its gradient
  E* dx;                      // [M, d] a sublayer's part of the gradient of its input
  E* dmixed;                  // [M, d] gradient of attention's output before the out-projection
  E* dqkv;                    // [M, p]
  float* dstream;             // [M, d] gradient of the stream; dx is to be added
  float* residual = nullptr;  // [M, d] the stream of pre-norm layers, each adding to it
  AttentionScratch attention;
  FeedForwardScratch<E> feed_forward;
};

template <class E>
class FusedLayer {
 public:
  // Reads x, the output of the layer below.
  FusedLayer(FusedContext<E>& context, LayerScratch<E>& scratch, int64_t index, const LayerRows<E>& x);

  const LayerRows<E>& output() const { return feed_forward_ ? out_ : middle_; }

  void forward(RandomKey key, uint32_t step);
  // post: from the gradient dy + dy_branch of the output (dy may be nullptr) to that of the input, scratch.dstream +
  // scratch.dx. pre: from dy_branch of the output and dy of the stream to scratch.dx and scratch.dstream.
  void backward(const float* dy, const E* dy_branch);

 private:
  bool pre() const { return c_.config.body.norm == Norm::pre; }
  void add_and_norm(const float* residual, const FusedNorm<E>& norm, const LayerRows<E>& out, RandomKey key,
                    uint32_t step);
  void norm_backward(const float* dy, const E* dy_branch, const FusedNorm<E>& norm);

  FusedContext<E>& c_;
  LayerScratch<E>& s_;
  LayerRows<E> x_, middle_, out_{};
  E *qkv_, *mixed_;
  FusedNorm<E> after_attention_;
  LinearProducts<E> in_, out_projection_;
  std::unique_ptr<FusedAttention<E>> attention_;
  // None in a layer of attention alone.
  std::optional<FusedFeedForward<E>> feed_forward_;
  std::optional<FusedNorm<E>> after_feed_forward_;
};

}  // namespace ate
