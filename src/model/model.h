// The models as plain ATen operations with autograd: what runs on every device, and the reference that faster
// code is held against.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/arena.h"
#include "model/attention/attention.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "random/counter.h"

namespace ate {

// What the attention of a layer read and made.
struct AttentionTrace {
  HeadInputs heads;
  at::Tensor outputs;  // [N, H, T, hd], before the output projection
};
using AttentionTraces = std::vector<AttentionTrace>;

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

  // Applies the dropout of a numbered site.
  using Dropout = std::function<at::Tensor(const at::Tensor&, uint32_t site)>;

  // Cross-entropy in nats of every prediction, without dropout. windows: [N, T + 1] -> [N, T], or for the bag
  // [N, 1].
  at::Tensor losses(const at::Tensor& windows) const {
    return losses_of(forward(inputs(windows), nullptr), windows);
  }

  // Of the sparse heads of layer `layer`, which are its first sparse_heads; nullptr for a dense layer.
  const SparseAttention* attention(size_t layer) const { return layers_[layer].sparse.get(); }
  int64_t sparse_heads(size_t layer) const { return layers_[layer].sparse_heads; }

  // Mean cross-entropy of a training batch, in nats, with the dropout masks of (key, step), in the config's dtype.
  // Scalar. Where a selector learns, its gradient, but not its value, holds attention.distil times the selectors' own
  // losses, summed over the layers.
  at::Tensor training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const;
  // The same with dropout of the caller's own, in float unless the caller says otherwise.
  at::Tensor training_loss(const at::Tensor& windows, const Dropout& dropout) const;

 private:
  struct Linear {
    at::Tensor weight, bias;
  };
  struct EncoderLayer {
    Linear in_projection, out_projection, linear1, linear2, norm1, norm2;
    std::shared_ptr<const SparseAttention>
        sparse;  // of the first sparse_heads heads; nullptr when all are dense
    int64_t sparse_heads = 0;
  };
  struct Block {
    at::Tensor table, live;  // live: rows to gather, undefined for all
    Linear projection;       // undefined when not projected
  };
  // `dropout` is nullptr where there is none.
  at::Tensor inputs(const at::Tensor& windows) const;
  at::Tensor losses_of(const at::Tensor& logits, const at::Tensor& windows) const;
  at::Tensor forward(const at::Tensor& tokens, const Dropout* dropout,
                     AttentionTraces* traces = nullptr) const {
    return trunk(embed(tokens), dropout, traces);
  }
  at::Tensor embed(const at::Tensor& tokens) const;
  at::Tensor trunk(at::Tensor x, const Dropout* dropout, AttentionTraces* traces) const;
  at::Tensor training_loss_of(const at::Tensor& embedded, const at::Tensor& windows,
                              const Dropout& dropout) const;
  at::Tensor attend(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout, uint32_t site,
                    AttentionTraces* traces) const;
  at::Tensor attend_sparsely(const EncoderLayer& layer, const HeadInputs& heads, const Dropout* dropout,
                             uint32_t site) const;
  at::Tensor encode(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout, uint32_t site,
                    AttentionTraces* traces) const;
  at::Tensor selectors_loss(const AttentionTraces& traces) const;

  BodyConfig body_;
  Dtype dtype_;
  double distil_ = 0;  // weight of the selectors' losses; 0 where none learns
  int64_t window_;
  std::vector<Block> blocks_;
  at::Tensor noise_, row_of_, positions_;
  std::vector<EncoderLayer> layers_;
  Linear norm_, head_;
  at::Tensor causal_mask_;  // [T, T]: 0 where a position may look, -inf elsewhere; undefined without a mask
};

}  // namespace ate
