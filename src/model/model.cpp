#include "model/model.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"
#include "config/kernels.h"
#include "model/attention/flash.h"
#include "model/precision.h"

namespace ate {
namespace {

at::Tensor long_tensor(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

}  // namespace

double TrainingLoss::value() const { return model.item<double>(); }

double TrainingLoss::backward() const {
  (side.defined() ? model + side : model).backward();
  return value();
}

// One model's operations, with the dropout of a step or none.
class Model::Operations : public TrunkOperations {
 public:
  Operations(const Model& model, const Dropout* dropout, AttentionTraces* traces, const at::Tensor& rows)
      : dropout_(dropout), traces_(traces), model_(model) {
    mask = model.causal_mask_;
    rotary = model.rotary_;
    scored = rows;
  }

  at::Tensor linear(const at::Tensor& x, const Linear& map) const override {
    return at::linear(x, map.weight, map.bias);
  }
  at::Tensor norm(const at::Tensor& x, const Linear& norm, Normalisation kind) const override {
    return kind == Normalisation::rms ? over_root_mean_square(x, norm.weight.scalar_type()) * norm.weight
                                      : at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, kNormEpsilon);
  }
  at::Tensor dropped(const at::Tensor& x, uint32_t site) const override {
    return drops(site) ? (*dropout_)(x, site) : x;
  }
  at::Tensor add_positions(const at::Tensor& x, const at::Tensor& positions) const override {
    return x + positions.narrow(0, 0, x.size(1));
  }
  at::Tensor window_mean(const at::Tensor& x) const override { return x.mean(1, /*keepdim=*/true); }

  at::Tensor attend(size_t layer, const Heads& heads, uint32_t site) const override {
    const SparseHeads& sparse = model_.sparse_[layer];
    const int64_t n = heads.queries.size(0) / model_.body_.heads;
    const int64_t length = heads.queries.size(1);
    const auto split = [&](const at::Tensor& y) {
      return y.view({n, model_.body_.heads, length, y.size(2)});
    };
    if (sparse.attention == nullptr && traces_ == nullptr)
      return model_.flash_ && !drops(site) && flash_serves(heads.queries)
                 ? flash_attention(split(heads.queries), split(heads.keys), split(heads.values),
                                   mask.defined())
                       .view(heads.queries.sizes())
                 : TrunkOperations::attend(layer, heads, site);
    AttentionTrace trace;
    trace.heads = {split(heads.queries), split(heads.keys), split(heads.values),
                   mask.defined() ? mask.narrow(0, 0, length).narrow(1, 0, length) : at::Tensor(),
                   1 / std::sqrt(static_cast<double>(heads.queries.size(2)))};
    trace.outputs = sparse.attention == nullptr ? split(TrunkOperations::attend(layer, heads, site))
                                                : attend_sparsely(sparse, trace.heads, site);
    if (traces_ != nullptr) traces_->push_back(trace);
    return trace.outputs.reshape(heads.queries.sizes());
  }

 private:
  bool drops(uint32_t site) const {
    return dropout_ != nullptr && dropout_probability(model_.body_, site) > 0;
  }

  // The heads of a layer that has sparse ones: those first, then the dense ones, whose dropout has the same site and
  // other elements.
  at::Tensor attend_sparsely(const SparseHeads& sparse, const HeadInputs& heads, uint32_t site) const {
    const WeightDropout dropped_weights = [&](const at::Tensor& weights) { return dropped(weights, site); };
    const at::Tensor outputs =
        sparse.attention->attend(heads.narrow(0, sparse.count), drops(site) ? &dropped_weights : nullptr);
    const int64_t dense = model_.body_.heads - sparse.count;
    if (dense == 0) return outputs;
    const HeadInputs rest = heads.narrow(sparse.count, dense);
    const at::Tensor weights = dropped(rest.scores().softmax(-1), site);
    return at::cat({outputs, at::matmul(weights, rest.values)}, 1);
  }

  const Dropout* dropout_;
  AttentionTraces* traces_;

 protected:
  const Model& model_;
};

// The operations on positions that follow those in a cache.
class Model::CachedOperations final : public Operations {
 public:
  CachedOperations(const Model& model, KeyValueCache& cache, int64_t count)
      : Operations(model, nullptr, nullptr, {}), cache_(cache) {
    if (rotary.cosines.defined())
      rotary = {rotary.cosines.narrow(0, cache.length, count), rotary.sines.narrow(0, cache.length, count)};
  }

  at::Tensor add_positions(const at::Tensor& x, const at::Tensor& positions) const override {
    return x + positions.narrow(0, cache_.length, x.size(1));
  }
  at::Tensor attend(size_t layer, const Heads& heads, uint32_t site) const override {
    const at::Tensor keys = added(cache_.keys[layer], heads.keys);
    const at::Tensor values = added(cache_.values[layer], heads.values);
    const std::optional<FlashReads>& reads = model_.sparse_[layer].cached;
    if (!reads) return TrunkOperations::attend(layer, {heads.queries, keys, values}, site);
    const int64_t block = reads->block;
    at::Tensor outputs = at::empty_like(heads.queries);
    for (int64_t i = 0; i < outputs.size(1); ++i) {
      const int64_t place = cache_.length + i;
      at::Tensor& means = cache_.means[layer];
      if (means.defined() && place > 0 && place % block == 0)
        means.select(1, place / block - 1).copy_(keys.narrow(1, place - block, block).mean(1));
      outputs.select(1, i).copy_(flash_decode(heads.queries.select(1, i), keys.narrow(1, 0, place + 1),
                                              values.narrow(1, 0, place + 1), *reads, means));
    }
    return outputs;
  }

 private:
  at::Tensor added(const at::Tensor& all, const at::Tensor& rows) const {
    all.narrow(1, cache_.length, rows.size(1)).copy_(rows);
    return all.narrow(1, 0, cache_.length + rows.size(1));
  }

  KeyValueCache& cache_;
};

Model::Model(const Config& config, const EmbeddingPlan& plan, const Layout& layout, Arena& arena,
             at::Tensor noise)
    : body_(config.body),
      dtype_(config.dtype),
      distil_(config.attention.kind->learns ? config.attention.distil : 0),
      window_(config.windows.length),
      asks_(asks(config.source)),
      flash_(flash_wanted(config)),
      noise_(std::move(noise)),
      causal_mask_(causal_mask(config.body, config.windows.length, arena.parameters.options())),
      rotary_(rotary_positions(config.body, config.windows.length, arena.parameters.options())) {
  const std::vector<at::Tensor> views = parameter_views(layout, arena);
  const at::Device device = arena.parameters.device();
  weights_ = layout.weights.map([&](TensorId id) { return id ? views[id.index] : at::Tensor(); });
  for (const EmbeddingBlock& block : plan.blocks)
    live_.push_back(block.live.empty() ? at::Tensor() : long_tensor(block.live, device));
  if (!plan.row_of.empty()) row_of_ = long_tensor(plan.row_of, device);
  if (body_.kind == BodyKind::bag) return;
  for (int64_t i = 0; i < body_.layers; ++i) {
    sparse_.push_back({nullptr, ate::sparse_heads(config, i)});
    if (sparse_.back().count == 0) continue;
    const FindParameter find = [&](const std::string& suffix) {
      const ParameterTensor& tensor = layout.at(attention_prefix(i) + suffix);
      return views[static_cast<size_t>(&tensor - layout.tensors.data())];
    };
    SparseHeads& sparse = sparse_.back();
    sparse.attention = config.attention.kind->make(config, find);
    const std::optional<FlashReads> reads = sparse.attention->flash_reads(window_);
    if (reads && reads->epsilon == 0 && sparse.count == body_.heads && flash_serves(arena.parameters))
      sparse.cached = reads;
  }
}

bool Model::can_cache() const {
  return body_.kind == BodyKind::encoder && body_.causal &&
         std::all_of(sparse_.begin(), sparse_.end(),
                     [](const SparseHeads& s) { return s.count == 0 || s.cached.has_value(); });
}

at::Tensor Model::logits(const at::Tensor& tokens, KeyValueCache& cache) const {
  const at::Tensor x = embed(tokens);
  const auto room = [&](int64_t rows) {
    return at::empty({body_.heads, rows, head_width(body_)}, x.options());
  };
  for (size_t i = cache.keys.size(); i < weights_.layers.size(); ++i) {
    const std::optional<FlashReads>& reads = sparse_[i].cached;
    cache.keys.push_back(room(window_));
    cache.values.push_back(room(window_));
    cache.means.push_back(reads && reads->blocks_read > 0 ? room(window_ / reads->block + 1) : at::Tensor());
  }
  at::Tensor out = run_trunk(body_, weights_, x, x.size(1), CachedOperations(*this, cache, x.size(1)));
  cache.length += x.size(1);
  return out;
}

at::Tensor Model::inputs(const at::Tensor& windows) const { return windows.narrow(1, 0, window_); }

Scored Model::scored(const at::Tensor& windows) const {
  return scored_of(windows, window_, body_.kind == BodyKind::bag ? 1 : window_, asks_);
}

// All live rows are projected, whatever the batch: V rows cost less than B * T when the vocabulary is small,
// and every arm then gathers once, without a loop over tokens or bands.
at::Tensor Model::embed(const at::Tensor& tokens) const {
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < weights_.blocks.size(); ++i) {
    const BlockWeights<at::Tensor>& block = weights_.blocks[i];
    at::Tensor table = live_[i].defined() ? block.table.index_select(0, live_[i]) : block.table;
    if (block.projection.weight.defined())
      table = at::linear(table, block.projection.weight, block.projection.bias);
    rows.push_back(std::move(table));
  }
  if (noise_.defined()) rows.push_back(noise_);
  const at::Tensor matrix = rows.size() == 1 ? rows[0] : at::cat(rows);
  return at::embedding(matrix, row_of_.defined() ? row_of_.index({tokens}) : tokens);
}

at::Tensor Model::trunk(const at::Tensor& x, const Dropout* dropout, AttentionTraces* traces,
                        const at::Tensor& rows) const {
  return run_trunk(body_, weights_, x, x.size(1), Operations(*this, dropout, traces, rows));
}

at::Tensor Model::scored_logits(const at::Tensor& tokens, const at::Tensor& rows) const {
  return trunk(embed(tokens), nullptr, nullptr, rows).flatten(0, -2);
}

at::Tensor Model::losses(const at::Tensor& windows) const {
  const Scored all = scored(windows);
  const at::Tensor losses =
      at::cross_entropy_loss(scored_logits(inputs(windows), all.rows), all.targets, {}, at::Reduction::None);
  return all.rows.defined() ? losses : losses.view({windows.size(0), -1});
}

at::Tensor Model::selector_loss(size_t layer, const AttentionTrace& trace) const {
  const HeadInputs heads = trace.heads.narrow(0, sparse_[layer].count);
  const at::Tensor exact = heads.scores().detach().softmax(-1);
  return selection_loss(exact, sparse_[layer].attention->selector_scores(heads));
}

at::Tensor Model::selectors_loss(const AttentionTraces& traces) const {
  at::Tensor sum = at::zeros({}, weights_.head.weight.options());
  for (size_t i = 0; i < sparse_.size(); ++i)
    if (sparse_[i].attention != nullptr) sum = sum + selector_loss(i, traces[i]);
  return sum;
}

Model::Attended Model::attend(size_t layer, const Heads& heads, RandomKey key, uint32_t step) const {
  const Dropout dropout = counted_dropout(key, step);
  const bool learns = distil_ > 0 && sparse_[layer].attention != nullptr;
  AttentionTraces traces;
  const Operations operations(*this, &dropout, learns ? &traces : nullptr, {});
  const at::Tensor outputs =
      operations.attend(layer, heads, static_cast<uint32_t>(layer) * kSites + kAttentionWeights);
  return {outputs, learns ? distil_ * selector_loss(layer, traces[0]) : at::Tensor()};
}

Model::Dropout Model::counted_dropout(RandomKey key, uint32_t step) const {
  return [this, key, step](const at::Tensor& x, uint32_t site) {
    // Drawn on the host, so that every device drops the same elements.
    at::Tensor mask = at::empty(x.sizes(), at::kFloat);
    fill_dropout_mask(key, site, step, dropout_probability(body_, site),
                      {mask.mutable_data_ptr<float>(), static_cast<size_t>(mask.numel())});
    return x * mask.to(x.options());
  };
}

TrainingLoss Model::training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const {
  const Dropout dropout = counted_dropout(key, step);
  // Embeddings stay in float: the gradient of a frequent token's row is a sum of many, too many for bf16.
  const at::Tensor embedded = embed(inputs(windows));
  const Autocast autocast(dtype_, embedded.device().type());
  return training_loss_of(embedded, windows, dropout);
}

TrainingLoss Model::training_loss(const at::Tensor& windows, const Dropout& dropout) const {
  return training_loss_of(embed(inputs(windows)), windows, dropout);
}

TrainingLoss Model::training_loss_of(const at::Tensor& embedded, const at::Tensor& windows,
                                     const Dropout& dropout) const {
  const bool drops = drops_anything(body_);
  AttentionTraces traces;
  const Scored all = scored(windows);
  const at::Tensor logits =
      trunk(embedded, drops ? &dropout : nullptr, distil_ > 0 ? &traces : nullptr, all.rows);
  const at::Tensor loss = at::cross_entropy_loss(logits.flatten(0, -2), all.targets);
  if (distil_ == 0) return {loss};
  return {loss, distil_ * selectors_loss(traces)};
}

}  // namespace ate
