#include "model/encoder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "config/derived.h"

namespace ate {
namespace {

class Layer {
 public:
  Layer(const BodyConfig& body, const LayerWeights<at::Tensor>& weights, size_t index, int64_t length,
        const TrunkOperations& operations)
      : body_(body), w_(weights), index_(index), length_(length), ops_(operations) {}

  // post: x -> norm(x + attention(x)) -> norm(that + feed-forward(that)).
  // pre:  x -> x + attention(norm(x)) -> that + feed-forward(norm(that)).
  // Without a feed-forward block the first arrow alone.
  at::Tensor operator()(const at::Tensor& x) const {
    if (body_.norm == Norm::pre) {
      const at::Tensor y = x + attended(norm(x, w_.norm1));
      return has_feed_forward() ? y + feed_forward(norm(y, w_.norm2)) : y;
    }
    const at::Tensor y = norm(x + attended(x), w_.norm1);
    return has_feed_forward() ? norm(y + feed_forward(y), w_.norm2) : y;
  }

 private:
  bool has_feed_forward() const { return hidden_width(body_) > 0; }

  uint32_t site(Site which) const { return static_cast<uint32_t>(index_) * kSites + which; }

  at::Tensor norm(const at::Tensor& x, const TrunkOperations::Linear& weights) const {
    return ops_.norm(x, weights, body_.normalisation);
  }

  at::Tensor activated(const at::Tensor& x) const {
    const at::Tensor inner = ops_.linear(x, w_.linear1);
    switch (body_.activation) {
      case Activation::gelu:
        return at::gelu(inner);
      case Activation::swiglu:
        return at::silu(ops_.linear(x, w_.gate)) * inner;
      default:
        return at::relu(inner);
    }
  }

  at::Tensor feed_forward(const at::Tensor& x) const {
    const at::Tensor hidden = ops_.dropped(activated(x), site(kInsideFeedForward));
    return ops_.dropped(ops_.linear(hidden, w_.linear2), site(kFeedForwardOutput));
  }

  // Heads [n, T, h, hd] with their gain: of each row of hd numbers by itself.
  at::Tensor head_norm(const at::Tensor& x, const TrunkOperations::Linear& weights, int64_t rows) const {
    if (!weights.weight.defined()) return x;
    return ops_.norm(x.reshape({rows, -1, x.size(3)}), weights, Normalisation::rms).view(x.sizes());
  }

  // Heads [n, T, h, hd] as [n H, T, hd]; H is h, or a multiple of it.
  at::Tensor head_by_head(const at::Tensor& x) const {
    const at::Tensor heads = x.transpose(1, 2);
    if (x.size(2) == body_.heads) return heads.reshape({-1, length_, x.size(3)});
    return heads.unsqueeze(2)
        .expand({x.size(0), x.size(2), body_.heads / x.size(2), length_, x.size(3)})
        .reshape({-1, length_, x.size(3)});
  }

  at::Tensor attended(const at::Tensor& x) const {
    const int64_t hd = head_width(body_);
    const int64_t n = x.numel() / (length_ * body_.width);
    const int64_t shared = key_value_heads(body_);
    const auto parts = ops_.linear(x, w_.in_projection)
                           .view({n, length_, body_.heads + 2 * shared, hd})
                           .split_with_sizes({body_.heads, shared, shared}, 2);
    const at::Tensor mixed = ops_.attend(
        index_,
        {ops_.rotary(head_by_head(head_norm(parts[0], w_.query_norm, x.size(0)))),
         ops_.rotary(head_by_head(head_norm(parts[1], w_.key_norm, x.size(0)))), head_by_head(parts[2])},
        site(kAttentionWeights));
    const at::Tensor rows = mixed.view({n, body_.heads, length_, hd}).transpose(1, 2).reshape(x.sizes());
    return ops_.dropped(ops_.linear(rows, w_.out_projection), site(kAttentionOutput));
  }

  const BodyConfig& body_;
  const LayerWeights<at::Tensor>& w_;
  size_t index_;
  int64_t length_;
  const TrunkOperations& ops_;
};

}  // namespace

at::Tensor TrunkOperations::attend(size_t /*layer*/, const Heads& heads, uint32_t site) const {
  const int64_t length = heads.queries.size(1);
  const int64_t read = heads.keys.size(1);
  const double scale = 1 / std::sqrt(static_cast<double>(heads.queries.size(2)));
  const at::Tensor keys = heads.keys.transpose(1, 2);
  const at::Tensor scores = mask.defined()
                                ? at::baddbmm(mask.narrow(0, read - length, length).narrow(1, 0, read),
                                              heads.queries, keys, 1, scale)
                                : at::bmm(heads.queries * scale, keys);
  return at::bmm(dropped(at::softmax(scores, -1), site), heads.values);
}

at::Tensor over_root_mean_square(const at::Tensor& x, at::ScalarType type) {
  return at::rms_norm(x.to(type), {x.size(-1)}, {}, kNormEpsilon);
}

at::Tensor Rotary::operator()(const at::Tensor& x) const {
  if (!cosines.defined()) return x;
  const int64_t half = cosines.size(1);
  const at::Tensor cosine = cosines.narrow(0, 0, x.size(1));
  const at::Tensor sine = sines.narrow(0, 0, x.size(1));
  const at::Tensor first = x.narrow(2, 0, half);
  const at::Tensor second = x.narrow(2, half, half);
  return at::cat({first * cosine - second * sine, second * cosine + first * sine}, 2);
}

Rotary rotary_positions(const BodyConfig& body, int64_t length, const at::TensorOptions& options) {
  if (body.positions != Positions::rotary) return {};
  const int64_t hd = head_width(body);
  const auto exact = at::TensorOptions(at::kDouble);
  const at::Tensor turns = at::pow(body.rotary_base, at::arange(0, hd, 2, exact) / -static_cast<double>(hd));
  const at::Tensor angles = at::outer(at::arange(length, exact), turns);
  return {angles.cos().to(options), angles.sin().to(options)};
}

at::Tensor causal_mask(const BodyConfig& body, int64_t length, const at::TensorOptions& options) {
  if (!body.causal || body.kind == BodyKind::bag) return {};
  return at::full({length, length}, -std::numeric_limits<double>::infinity(), options).triu(1);
}

at::Tensor run_trunk(const BodyConfig& body, const ModelWeights<at::Tensor>& weights, at::Tensor x,
                     int64_t length, const TrunkOperations& operations) {
  if (body.kind == BodyKind::bag) return operations.linear(operations.window_mean(x), weights.head);
  if (weights.positions.defined()) x = operations.add_positions(x, weights.positions);
  x = operations.dropped(x, kEmbeddingSite);
  for (size_t i = 0; i < weights.layers.size(); ++i)
    x = Layer(body, weights.layers[i], i, length, operations)(x);
  if (operations.scored.defined()) x = x.flatten(0, 1).index_select(0, operations.scored);
  if (weights.norm.weight.defined()) x = operations.norm(x, weights.norm, body.normalisation);
  return operations.linear(x, weights.head);
}

}  // namespace ate
