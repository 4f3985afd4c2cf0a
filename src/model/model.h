// The models as plain ATen operations with autograd: what runs on every device, and the reference that faster
// code is held against.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/arena.h"
#include "model/attention/attention.h"
#include "model/attention/flash.h"
#include "model/embedding_plan.h"
#include "model/encoder.h"
#include "model/layout.h"
#include "model/scored.h"
#include "random/counter.h"

namespace ate {

// The keys and values of the positions that a model has read of one window, so that a further position costs one row.
struct KeyValueCache {
  std::vector<at::Tensor> keys,
      values;  // of each layer: [H, T, hd], of which the first `length` rows are filled
  std::vector<at::Tensor>
      means;  // of each layer that chooses blocks of keys: [H, blocks of T, hd], of the whole ones
  int64_t length = 0;
};

// What the attention of a layer read and made.
struct AttentionTrace {
  HeadInputs heads;
  at::Tensor outputs;  // [N, H, T, hd], before the output projection
};
using AttentionTraces = std::vector<AttentionTrace>;

// A training loss with its graph. What learns from a side loss alone has no part in `model`.
struct TrainingLoss {
  at::Tensor model;  // scalar
  // Scalar: attention.distil times the selectors' own losses, summed over the layers; undefined where none learns. It has
  // a gradient for the selectors' parameters alone.
  at::Tensor side{};

  double value() const;  // of the model's loss
  // Adds the gradients of both; returns the model's loss. Not finite in `side` leaves the model's part as it is.
  double backward() const;
};

class Model {
 public:
  // `noise`: [plan.noise_rows, d], may be undefined when there are none.
  Model(const Config& config, const EmbeddingPlan& plan, const Layout& layout, Arena& arena,
        at::Tensor noise);

  // Logits without dropout. tokens: [N, T] of int64 -> [N, T, V], or for the bag [N, 1, V].
  at::Tensor logits(const at::Tensor& tokens) const { return forward(tokens, nullptr); }
  // The same, with a trace of every layer.
  at::Tensor logits(const at::Tensor& tokens, AttentionTraces& traces) const {
    return forward(tokens, nullptr, &traces);
  }

  // Logits [1, n, V] of the n positions after those in `cache`, to which they are added; cache.length + n is at most T.
  // For a model that can_cache. tokens: [1, n].
  at::Tensor logits(const at::Tensor& tokens, KeyValueCache& cache) const;
  // A causal encoder of which each layer's heads are dense, or read a window or blocks by the flash kernels: what a position
  // reads does not change when others follow.
  bool can_cache() const;

  // The same of these positions of the batch (see Scored) alone, the only ones of which the head is computed: [n, V].
  at::Tensor scored_logits(const at::Tensor& tokens, const at::Tensor& rows) const;

  // Applies the dropout of a numbered site, one that has some.
  using Dropout = std::function<at::Tensor(const at::Tensor&, uint32_t site)>;

  // Cross-entropy in nats of every target, without dropout. windows: [N, T + 1] -> [N, T], or for the bag [N, 1]; of a
  // source that asks, [N, 2 T] -> [answers].
  at::Tensor losses(const at::Tensor& windows) const;

  // Of the sparse heads of layer `layer`, which are its first sparse_heads; nullptr for a dense layer.
  const SparseAttention* attention(size_t layer) const { return sparse_[layer].attention.get(); }
  int64_t sparse_heads(size_t layer) const { return sparse_[layer].count; }

  // The attention of a layer by itself, in training: [n H, T, hd], with the dropout of (key, step).
  struct Attended {
    at::Tensor outputs;
    at::Tensor side;  // the layer's part of TrainingLoss::side; undefined where it has none
  };
  Attended attend(size_t layer, const Heads& heads, RandomKey key, uint32_t step) const;

  // Mean cross-entropy of a training batch, in nats, with the dropout masks of (key, step), in the config's dtype.
  TrainingLoss training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const;
  // The same with dropout of the caller's own, in float unless the caller says otherwise.
  TrainingLoss training_loss(const at::Tensor& windows, const Dropout& dropout) const;

 private:
  struct SparseHeads {
    std::shared_ptr<const SparseAttention>
        attention;  // of the first `count` heads; nullptr when all are dense
    int64_t count = 0;
    std::optional<FlashReads>
        cached{};  // what a position reads of a cache; nothing: it needs its whole window
  };
  class Operations;
  class CachedOperations;

  Dropout counted_dropout(RandomKey key, uint32_t step) const;
  at::Tensor inputs(const at::Tensor& windows) const;
  Scored scored(const at::Tensor& windows) const;
  at::Tensor embed(const at::Tensor& tokens) const;
  // `dropout` is nullptr where there is none; `rows` as in Scored.
  at::Tensor trunk(const at::Tensor& x, const Dropout* dropout, AttentionTraces* traces,
                   const at::Tensor& rows = {}) const;
  at::Tensor forward(const at::Tensor& tokens, const Dropout* dropout,
                     AttentionTraces* traces = nullptr) const {
    return trunk(embed(tokens), dropout, traces);
  }
  TrainingLoss training_loss_of(const at::Tensor& embedded, const at::Tensor& windows,
                                const Dropout& dropout) const;
  // Of a layer that has sparse heads.
  at::Tensor selector_loss(size_t layer, const AttentionTrace& trace) const;
  at::Tensor selectors_loss(const AttentionTraces& traces) const;

  BodyConfig body_;
  Dtype dtype_;
  double distil_;  // weight of the selectors' losses; 0 where none learns
  int64_t window_;
  bool asks_;
  bool flash_;  // whether attention may run on the flash kernels
  ModelWeights<at::Tensor> weights_;
  std::vector<at::Tensor> live_;     // of each block: rows to gather, undefined for all
  std::vector<SparseHeads> sparse_;  // of each layer
  at::Tensor noise_, row_of_;
  at::Tensor causal_mask_;  // [T, T]: 0 where a position may look, -inf elsewhere; undefined without a mask
  Rotary rotary_;
};

}  // namespace ate
