// The models as plain ATen operations with autograd: what runs on every device, and the reference that faster
// code is held against.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/arena.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "random/counter.h"

namespace ate {

class Model {
 public:
  // `noise`: [plan.noise_rows, d], may be undefined when there are none.
  Model(const Config& config, const EmbeddingPlan& plan, const Layout& layout, Arena& arena,
        at::Tensor noise);

  // Logits without dropout. tokens: [N, T] of int64 -> [N, T, V], or for the bag [N, 1, V].
  at::Tensor logits(const at::Tensor& tokens) const { return forward(tokens, nullptr); }

  // Cross-entropy in nats of every prediction, without dropout. windows: [N, T + 1] -> [N, T], or for the bag
  // [N, 1].
  at::Tensor losses(const at::Tensor& windows) const {
    return losses_of(forward(inputs(windows), nullptr), windows);
  }

  // Mean cross-entropy of a training batch, in nats, with the dropout masks of (key, step). Scalar.
  at::Tensor training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const;

 private:
  struct Linear {
    at::Tensor weight, bias;
  };
  struct EncoderLayer {
    Linear in_projection, out_projection, linear1, linear2, norm1, norm2;
  };
  struct Block {
    at::Tensor table, live;  // live: rows to gather, undefined for all
    Linear projection;       // undefined when not projected
  };
  // Applies the dropout of a numbered site; nullptr where there is none.
  using Dropout = std::function<at::Tensor(const at::Tensor&, uint32_t site)>;

  at::Tensor inputs(const at::Tensor& windows) const;
  at::Tensor losses_of(const at::Tensor& logits, const at::Tensor& windows) const;
  at::Tensor forward(const at::Tensor& tokens, const Dropout* dropout) const;
  at::Tensor embed(const at::Tensor& tokens) const;
  at::Tensor attend(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout,
                    uint32_t site) const;
  at::Tensor encode(const EncoderLayer& layer, const at::Tensor& x, const Dropout* dropout,
                    uint32_t site) const;

  BodyConfig body_;
  int64_t window_;
  std::vector<Block> blocks_;
  at::Tensor noise_, row_of_, positions_;
  std::vector<EncoderLayer> layers_;
  Linear norm_, head_;
  at::Tensor causal_mask_;  // [T, T]: 0 where a position may look, -inf elsewhere; undefined without a mask
};

}  // namespace ate
