// The arithmetic of the trunk, said once for the reference and for stacks: encoder layers or the bag, then the head. What
// differs between one model and many, linear maps, norms, attention and dropout, is injected.
#pragma once

#include <ATen/core/Tensor.h>

#include "config/config.h"
#include "model/dropout.h"
#include "model/weights.h"

namespace ate {

// Of LayerNorm and RMS norm alike: PyTorch's default for LayerNorm, Llama's for RMS norm.
inline constexpr double kNormEpsilon = 1e-5;

// The heads of a layer over n windows: [n H, T, hd] each; keys and values that several heads read are repeated. There may be
// more keys and values than queries: the queries are then of the last positions.
struct Heads {
  at::Tensor queries, keys, values;
};

// Rotary positions: cosines and sines of the angles by which pairs turn, [T, hd / 2] each; undefined: nothing turns.
struct Rotary {
  at::Tensor cosines, sines;
  // x: [anything, T', hd], T' at most T. Dimensions i and i + hd / 2 are a pair.
  at::Tensor operator()(const at::Tensor& x) const;
};

class TrunkOperations {
 public:
  using Linear = LinearWeights<at::Tensor>;

  virtual ~TrunkOperations() = default;
  // x: rows of d numbers, [N, T, d] for one model, [R, N T, d] for R. Biases may be undefined.
  virtual at::Tensor linear(const at::Tensor& x, const Linear& map) const = 0;
  // Over the last dimension, which may be another than d.
  virtual at::Tensor norm(const at::Tensor& x, const Linear& norm, Normalisation kind) const = 0;
  virtual at::Tensor dropped(const at::Tensor& x, uint32_t site) const = 0;
  virtual at::Tensor add_positions(const at::Tensor& x, const at::Tensor& positions) const = 0;
  virtual at::Tensor window_mean(const at::Tensor& x) const = 0;  // over a window's tokens
  // The heads' outputs, [n H, T, hd]. By default dense scaled dot-product attention (Vaswani et al. 2017).
  virtual at::Tensor attend(size_t layer, const Heads& heads, uint32_t site) const;

  // [T, T], added to scores: 0 where a position may look, -inf elsewhere; undefined: everywhere. T: the window's length.
  at::Tensor mask;
  Rotary rotary;
  // Positions of the batch that the head is computed of, [n]: x is then [N T, d]; undefined: of all.
  at::Tensor scored;
};

// x / root of (its mean square + epsilon) over the last dimension, as numbers of `type`.
at::Tensor over_root_mean_square(const at::Tensor& x, at::ScalarType type);

// The angles of a body's positions over windows of T, undefined where it has no rotary ones.
Rotary rotary_positions(const BodyConfig& body, int64_t length, const at::TensorOptions& options);

// The causal mask of a body over windows of T, undefined where it has none.
at::Tensor causal_mask(const BodyConfig& body, int64_t length, const at::TensorOptions& options);

// x -> logits, [N, T, V], or [n, V] where `scored` names n positions. `length`: T of x, at most the window's.
at::Tensor run_trunk(const BodyConfig& body, const ModelWeights<at::Tensor>& weights, at::Tensor x,
                     int64_t length, const TrunkOperations& operations);

}  // namespace ate
