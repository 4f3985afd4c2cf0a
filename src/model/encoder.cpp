#include "model/encoder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace ate {
namespace {

class Layer {
 public:
  Layer(const BodyConfig& body, const LayerWeights<at::Tensor>& weights, size_t index, int64_t length,
        const TrunkOperations& operations)
      : body_(body), w_(weights), index_(index), length_(length), ops_(operations) {}

  // post: x -> norm(x + attention(x)) -> norm(that + feed-forward(that)).
  // pre:  x -> x + attention(norm(x)) -> that + feed-forward(norm(that)).
  at::Tensor operator()(const at::Tensor& x) const {
    if (body_.norm == Norm::pre) {
      const at::Tensor y = x + attended(ops_.norm(x, w_.norm1));
      return y + feed_forward(ops_.norm(y, w_.norm2));
    }
    const at::Tensor y = ops_.norm(x + attended(x), w_.norm1);
    return ops_.norm(y + feed_forward(y), w_.norm2);
  }

 private:
  uint32_t site(Site which) const { return static_cast<uint32_t>(index_) * kSites + which; }

  at::Tensor feed_forward(const at::Tensor& x) const {
    const at::Tensor inner = ops_.linear(x, w_.linear1);
    const at::Tensor hidden = ops_.dropped(
        body_.activation == Activation::gelu ? at::gelu(inner) : at::relu(inner), site(kInsideFeedForward));
    return ops_.dropped(ops_.linear(hidden, w_.linear2), site(kFeedForwardOutput));
  }

  at::Tensor attended(const at::Tensor& x) const {
    const int64_t head_width = body_.width / body_.heads;
    const int64_t n = x.numel() / (length_ * body_.width);
    const auto parts = ops_.linear(x, w_.in_projection)
                           .view({n, length_, 3, body_.heads, head_width})
                           .permute({2, 0, 3, 1, 4})
                           .contiguous()
                           .view({3, n * body_.heads, length_, head_width})
                           .unbind(0);
    const at::Tensor mixed = ops_.attend(index_, {parts[0], parts[1], parts[2]}, site(kAttentionWeights));
    const at::Tensor rows =
        mixed.view({n, body_.heads, length_, head_width}).transpose(1, 2).reshape(x.sizes());
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
  const double scale = 1 / std::sqrt(static_cast<double>(heads.queries.size(2)));
  const at::Tensor keys = heads.keys.transpose(1, 2);
  const at::Tensor scores = mask.defined() ? at::baddbmm(mask.narrow(0, 0, length).narrow(1, 0, length),
                                                         heads.queries, keys, 1, scale)
                                           : at::bmm(heads.queries * scale, keys);
  return at::bmm(dropped(at::softmax(scores, -1), site), heads.values);
}

at::Tensor causal_mask(const BodyConfig& body, int64_t length, const at::TensorOptions& options) {
  if (!body.causal || body.kind == BodyKind::bag) return {};
  return at::full({length, length}, -std::numeric_limits<double>::infinity(), options).triu(1);
}

at::Tensor run_trunk(const BodyConfig& body, const ModelWeights<at::Tensor>& weights, at::Tensor x,
                     int64_t length, const TrunkOperations& operations) {
  if (body.kind == BodyKind::bag) return operations.linear(operations.window_mean(x), weights.head);
  if (weights.positions.defined()) x = operations.add_positions(x, weights.positions);
  for (size_t i = 0; i < weights.layers.size(); ++i)
    x = Layer(body, weights.layers[i], i, length, operations)(x);
  if (operations.scored.defined()) x = x.flatten(0, 1).index_select(0, operations.scored);
  if (weights.norm.weight.defined()) x = operations.norm(x, weights.norm);
  return operations.linear(x, weights.head);
}

}  // namespace ate
