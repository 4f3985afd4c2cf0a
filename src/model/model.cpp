#include "model/model.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "config/derived.h"
#include "model/dropout.h"
#include "model/precision.h"
#include "model/sites.h"

namespace ate {
namespace {

at::Tensor long_tensor(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

}  // namespace

Model::Model(const Config& config, const EmbeddingPlan& plan, const Layout& layout, Arena& arena,
             at::Tensor noise)
    : body_(config.body), dtype_(config.dtype), window_(config.windows.length), noise_(std::move(noise)) {
  const std::vector<at::Tensor> views = parameter_views(layout, arena);
  const at::Device device = arena.parameters.device();
  const auto find = [&](const std::string& name) -> at::Tensor {
    for (size_t i = 0; i < views.size(); ++i)
      if (layout.tensors[i].name == name) return views[i];
    return {};
  };
  const auto linear = [&](const std::string& name) {
    return Linear{find(name + ".weight"), find(name + ".bias")};
  };

  for (const EmbeddingBlock& block : plan.blocks)
    blocks_.push_back({find(block.name + ".weight"),
                       block.live.empty() ? at::Tensor() : long_tensor(block.live, device),
                       linear(block.name + ".projection")});
  if (!plan.row_of.empty()) row_of_ = long_tensor(plan.row_of, device);
  head_ = linear("head");
  if (plan.tied) head_.weight = blocks_[0].table;
  if (body_.kind == BodyKind::bag) return;

  positions_ = find("positions.weight");
  for (int64_t i = 0; i < body_.layers; ++i) {
    const std::string name = "layers." + std::to_string(i);
    layers_.push_back(
        {Linear{find(name + ".self_attn.in_proj_weight"), find(name + ".self_attn.in_proj_bias")},
         linear(name + ".self_attn.out_proj"), linear(name + ".linear1"), linear(name + ".linear2"),
         linear(name + ".norm1"), linear(name + ".norm2"), nullptr, ate::sparse_heads(config, i)});
    if (layers_.back().sparse_heads > 0)
      layers_.back().sparse = make_attention(
          config, [&](const std::string& suffix) { return find(name + ".self_attn." + suffix); });
  }
  const AttentionKind kind = config.attention.kind;
  if (kind == AttentionKind::mlp_topk || kind == AttentionKind::lowrank_topk)
    distil_ = config.attention.distil;
  norm_ = linear("norm");
  if (body_.causal)
    causal_mask_ =
        at::full({window_, window_}, -std::numeric_limits<double>::infinity(), arena.parameters.options())
            .triu(1);
}

at::Tensor Model::inputs(const at::Tensor& windows) const { return windows.narrow(1, 0, window_); }

// All live rows are projected, whatever the batch: V rows cost less than B * T when the vocabulary is small,
// and every arm then gathers once, without a loop over tokens or bands.
at::Tensor Model::embed(const at::Tensor& tokens) const {
  std::vector<at::Tensor> rows;
  for (const Block& block : blocks_) {
    at::Tensor table = block.live.defined() ? block.table.index_select(0, block.live) : block.table;
    if (block.projection.weight.defined())
      table = at::linear(table, block.projection.weight, block.projection.bias);
    rows.push_back(std::move(table));
  }
  if (noise_.defined()) rows.push_back(noise_);
  const at::Tensor matrix = rows.size() == 1 ? rows[0] : at::cat(rows);
  return at::embedding(matrix, row_of_.defined() ? row_of_.index({tokens}) : tokens);
}

// The heads of a layer that has sparse ones: those first, then the dense ones, whose dropout has the same site and
// other elements.
at::Tensor Model::attend_sparsely(const EncoderLayer& layer, const HeadInputs& heads, const Dropout* dropout,
                                  uint32_t site) const {
  const WeightDropout dropped = [&](const at::Tensor& weights) { return (*dropout)(weights, site); };
  const WeightDropout* const weight_dropout = dropout == nullptr ? nullptr : &dropped;
  const int64_t dense = body_.heads - layer.sparse_heads;
  const at::Tensor sparse = layer.sparse->attend(heads.narrow(0, layer.sparse_heads), weight_dropout);
  if (dense == 0) return sparse;
  const HeadInputs rest = heads.narrow(layer.sparse_heads, dense);
  at::Tensor weights = rest.scores().softmax(-1);
  if (weight_dropout != nullptr) weights = dropped(weights);
  return at::cat({sparse, at::matmul(weights, rest.values)}, 1);
}

// Scaled dot-product attention with `heads` heads (Vaswani et al. 2017). x: [N, T, d] -> [N, T, d].
at::Tensor Model::attend(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout,
                         uint32_t site, AttentionTraces* traces) const {
  const int64_t n = x.size(0);
  const int64_t t = x.size(1);
  const int64_t heads = body_.heads;
  const int64_t head_width = body_.width / heads;
  const at::Tensor stacked = at::linear(x, layer.in_projection.weight, layer.in_projection.bias)
                                 .view({n, t, 3, heads, head_width})
                                 .permute({2, 0, 3, 1, 4})
                                 .contiguous()
                                 .view({3, n * heads, t, head_width});
  const auto parts = stacked.unbind(0);
  const at::Tensor& query = parts[0];
  const at::Tensor keys = parts[1].transpose(1, 2);
  const at::Tensor& values = parts[2];
  const double scale = 1 / std::sqrt(static_cast<double>(head_width));
  const auto project = [&](const at::Tensor& outputs) {
    return at::linear(outputs.transpose(1, 2).reshape({n, t, body_.width}), layer.out_projection.weight,
                      layer.out_projection.bias);
  };
  const auto trace = [&](const at::Tensor& outputs) {
    const auto split = [&](const at::Tensor& y) { return y.view({n, heads, t, head_width}); };
    if (traces == nullptr && layer.sparse == nullptr) return AttentionTrace();
    return AttentionTrace{
        {split(query), split(parts[1]), split(values),
         causal_mask_.defined() ? causal_mask_.narrow(0, 0, t).narrow(1, 0, t) : at::Tensor(), scale},
        outputs};
  };
  if (layer.sparse != nullptr) {
    AttentionTrace traced = trace({});
    traced.outputs = attend_sparsely(layer, traced.heads, dropout, site);
    if (traces != nullptr) traces->push_back(traced);
    return project(traced.outputs);
  }
  const at::Tensor scores = causal_mask_.defined() ? at::baddbmm(causal_mask_.narrow(0, 0, t).narrow(1, 0, t),
                                                                 query, keys, 1, scale)
                                                   : at::bmm(query * scale, keys);
  at::Tensor weights = at::softmax(scores, -1);
  if (dropout != nullptr) weights = (*dropout)(weights, site);
  const at::Tensor mixed = at::bmm(weights, values).view({n, heads, t, head_width});
  if (traces != nullptr) traces->push_back(trace(mixed));
  return project(mixed);
}

// post: x -> norm(x + attention(x)) -> norm(that + feed-forward(that)).
// pre:  x -> x + attention(norm(x)) -> that + feed-forward(norm(that)).
at::Tensor Model::encode(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout,
                         uint32_t site, AttentionTraces* traces) const {
  const auto dropped = [&](const at::Tensor& y, uint32_t which) {
    return dropout == nullptr ? y : (*dropout)(y, site + which);
  };
  const auto normed = [&](const at::Tensor& y, const Linear& norm) {
    return at::layer_norm(y, {body_.width}, norm.weight, norm.bias, kNormEpsilon);
  };
  const auto feed_forward = [&](const at::Tensor& y) {
    const at::Tensor inner = at::linear(y, layer.linear1.weight, layer.linear1.bias);
    const at::Tensor hidden =
        dropped(body_.activation == Activation::gelu ? at::gelu(inner) : at::relu(inner), kInsideFeedForward);
    return dropped(at::linear(hidden, layer.linear2.weight, layer.linear2.bias), kFeedForwardOutput);
  };
  const auto attended = [&](const at::Tensor& y) {
    return dropped(attend(layer, y, dropout, site + kAttentionWeights, traces), kAttentionOutput);
  };
  if (body_.norm == Norm::pre) {
    const at::Tensor y = x + attended(normed(x, layer.norm1));
    return y + feed_forward(normed(y, layer.norm2));
  }
  const at::Tensor y = normed(x + attended(x), layer.norm1);
  return normed(y + feed_forward(y), layer.norm2);
}

// x: [N, T, d] -> logits.
at::Tensor Model::trunk(at::Tensor x, const Dropout* dropout, AttentionTraces* traces) const {
  if (body_.kind == BodyKind::bag) return at::linear(x.mean(1, /*keepdim=*/true), head_.weight, head_.bias);
  if (positions_.defined()) x = x + positions_.narrow(0, 0, x.size(1));
  for (size_t i = 0; i < layers_.size(); ++i)
    x = encode(layers_[i], x, dropout, static_cast<uint32_t>(i) * kSites, traces);
  if (norm_.weight.defined()) x = at::layer_norm(x, {body_.width}, norm_.weight, norm_.bias, kNormEpsilon);
  return at::linear(x, head_.weight, head_.bias);
}

at::Tensor Model::selectors_loss(const AttentionTraces& traces) const {
  at::Tensor sum = at::zeros({}, head_.weight.options());
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].sparse == nullptr) continue;
    const HeadInputs heads = traces[i].heads.narrow(0, layers_[i].sparse_heads);
    const at::Tensor exact = heads.scores().detach().softmax(-1);
    sum = sum + selection_loss(exact, layers_[i].sparse->selector_scores(heads));
  }
  return sum;
}

at::Tensor Model::losses_of(const at::Tensor& logits, const at::Tensor& windows) const {
  const int64_t predictions = logits.size(1);
  const at::Tensor targets = windows.narrow(1, window_ + 1 - predictions, predictions);
  return at::cross_entropy_loss(logits.reshape({-1, logits.size(2)}), targets.reshape({-1}), {},
                                at::Reduction::None)
      .view({windows.size(0), predictions});
}

at::Tensor Model::training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const {
  const auto dropout = [&](const at::Tensor& x, uint32_t site) {
    // Drawn on the host, so that every device drops the same elements.
    at::Tensor mask = at::empty(x.sizes(), at::kFloat);
    fill_dropout_mask(key, site, step, body_.dropout,
                      {mask.mutable_data_ptr<float>(), static_cast<size_t>(mask.numel())});
    return x * mask.to(x.options());
  };
  // Embeddings stay in float: the gradient of a frequent token's row is a sum of many, too many for bf16.
  const at::Tensor embedded = embed(inputs(windows));
  const Autocast autocast(dtype_, embedded.device().type());
  return training_loss_of(embedded, windows, dropout);
}

at::Tensor Model::training_loss(const at::Tensor& windows, const Dropout& dropout) const {
  return training_loss_of(embed(inputs(windows)), windows, dropout);
}

at::Tensor Model::training_loss_of(const at::Tensor& embedded, const at::Tensor& windows,
                                   const Dropout& dropout) const {
  const bool drops = body_.kind == BodyKind::encoder && body_.dropout > 0;
  AttentionTraces traces;
  const at::Tensor logits = trunk(embedded, drops ? &dropout : nullptr, distil_ > 0 ? &traces : nullptr);
  const int64_t predictions = logits.size(1);
  const at::Tensor targets = windows.narrow(1, window_ + 1 - predictions, predictions);
  const at::Tensor loss = at::cross_entropy_loss(logits.reshape({-1, logits.size(2)}), targets.reshape({-1}));
  if (distil_ == 0) return loss;
  const at::Tensor selectors = distil_ * selectors_loss(traces);
  return loss + (selectors - selectors.detach());
}

}  // namespace ate
