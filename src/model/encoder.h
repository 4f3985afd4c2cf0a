// The arithmetic of the trunk, said once for the reference and for stacks: encoder layers or the bag, then the head. What
// differs between one model and many, linear maps, norms, attention and dropout, is injected.
#pragma once

#include <ATen/core/Tensor.h>

#include "config/config.h"
#include "model/dropout.h"
#include "model/weights.h"

namespace ate {

inline constexpr double kNormEpsilon = 1e-5;  // PyTorch's default

// The heads of a layer over n windows: [n H, T, hd] each.
struct Heads {
  at::Tensor queries, keys, values;
};

class TrunkOperations {
 public:
  using Linear = LinearWeights<at::Tensor>;

  virtual ~TrunkOperations() = default;
  // x: rows of d numbers, [N, T, d] for one model, [R, N T, d] for R.
  virtual at::Tensor linear(const at::Tensor& x, const Linear& map) const = 0;
  virtual at::Tensor norm(const at::Tensor& x, const Linear& norm) const = 0;  // LayerNorm
  virtual at::Tensor dropped(const at::Tensor& x, uint32_t site) const = 0;
  virtual at::Tensor add_positions(const at::Tensor& x, const at::Tensor& positions) const = 0;
  virtual at::Tensor window_mean(const at::Tensor& x) const = 0;  // over a window's tokens
  // The heads' outputs, [n H, T, hd]. By default dense scaled dot-product attention (Vaswani et al. 2017).
  virtual at::Tensor attend(size_t layer, const Heads& heads, uint32_t site) const;

  // [T, T], added to scores: 0 where a position may look, -inf elsewhere; undefined: everywhere. T: the window's length.
  at::Tensor mask;
  // Positions of the batch that the head is computed of, [n]: x is then [N T, d]; undefined: of all.
  at::Tensor scored;
};

// The causal mask of a body over windows of T, undefined where it has none.
at::Tensor causal_mask(const BodyConfig& body, int64_t length, const at::TensorOptions& options);

// x -> logits, [N, T, V], or [n, V] where `scored` names n positions. `length`: T of x, at most the window's.
at::Tensor run_trunk(const BodyConfig& body, const ModelWeights<at::Tensor>& weights, at::Tensor x,
                     int64_t length, const TrunkOperations& operations);

}  // namespace ate
