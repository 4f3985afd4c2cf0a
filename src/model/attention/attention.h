// What the kinds of sparse attention have in common: what they read, which positions they choose, and exact attention
// over the chosen ones. Each kind is a file of this folder, in plain ATen operations with autograd; kinds.cpp lists them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "model/attention/flash.h"

namespace ate {

// The heads of one layer. N windows, H heads, T positions, hd = d / H.
struct HeadInputs {
  at::Tensor queries, keys, values;  // [N, H, T, hd]
  at::Tensor mask;   // [T, T], added to scores: 0 where a query (row) may look, -inf elsewhere;
                     // undefined: everywhere
  double scale = 1;  // of the scores: 1 / sqrt(hd)
  // A causal mask of which nothing but this is said, for kinds that need no more.
  bool causal_without_mask = false;

  bool is_causal() const { return causal_without_mask || mask.defined(); }

  // Exact scores with the mask added: [N, H, T, T].
  at::Tensor scores() const;
  // The heads first, ..., first + count - 1.
  HeadInputs narrow(int64_t first, int64_t count) const;
};

// The positions that each query reads.
struct Selection {
  at::Tensor positions;  // [N, H, T, m] of int64, all in [0, T)
  at::Tensor
      absent;  // [N, H, T, m] of bool: chosen for want of m positions that may be read; undefined: none
};

// The dropout of attention weights, [N, H, T, anything].
using WeightDropout = std::function<at::Tensor(const at::Tensor&)>;

class SparseAttention {
 public:
  virtual ~SparseAttention() = default;

  // The choice, which has no gradient.
  virtual Selection select(const HeadInputs& x) const = 0;

  // The heads' outputs, [N, H, T, hd]. By default exact attention over what select chooses, without dropout by the flash
  // kernels where flash_reads says how.
  virtual at::Tensor attend(const HeadInputs& x, const WeightDropout* dropout) const;

  // What the flash kernels read in windows of T that makes them this kind; nothing: they cannot.
  virtual std::optional<FlashReads> flash_reads(int64_t /*length*/) const { return std::nullopt; }
  // Whether they serve such queries [N, H, T, hd]: `attend` without dropout then needs no mask, and no T x T array.
  bool is_linear(const at::Tensor& queries) const {
    return flash_serves(queries) && flash_reads(queries.size(2)).has_value();
  }

  // Scores of a selector that is trained: [N, H, T, T], -inf where it may not choose. Undefined where nothing is
  // learned. Their gradient reaches the selector's parameters, and no query or key.
  virtual at::Tensor selector_scores(const HeadInputs& x) const;

  // Whether attention.k is the least number of keys that a position reads, not the most.
  virtual bool k_is_least() const { return false; }

  // A bound on the share of the attention that is on keys which select leaves out, [N, H, T]; undefined: this kind has none.
  virtual at::Tensor skipped_bound(const HeadInputs& x) const;
};

// softmax over the selected keys, times their values (Vaswani et al. 2017, with all other keys masked).
at::Tensor attend_selected(const HeadInputs& x, const Selection& selection, const WeightDropout* dropout);

// The k best positions of `scores` [N, H, T, T], in which -inf marks what may not be read; k is at most T. `sorted`: the
// best first.
Selection best_positions(const at::Tensor& scores, int64_t k, bool sorted = false);

// Rows of x [N, H, T, c] at positions [N, H, T, m] -> [N, H, T, m, c].
at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& positions);

// The selector's loss: mean over queries of the cross-entropy between `attention` [N, H, T, T], held fixed, and the
// softmax of `scores`. Its least value is the attention's entropy; its gradient is that of KL(attention || selector).
at::Tensor selection_loss(const at::Tensor& attention, const at::Tensor& scores);

// Operations of exact attention of one head over m keys, per token: 4 m hd.
double exact_flops(const Config& config, int64_t keys);
// Keys that a position reads: attention.k, at most the window.
int64_t keys_read(const Config& config);

}  // namespace ate
