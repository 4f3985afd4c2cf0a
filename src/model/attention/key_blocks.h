// Kinds that read whole blocks of keys, another number for each query: what they have in common as plain operations, which
// compute every score.
#pragma once

#include "model/attention/attention.h"

namespace ate {

// What every kind that reads blocks has among its settings.
inline constexpr KindSetting kBlockSetting = {"block", int64_t{4}, between(1, 1 << 20), "keys in a block",
                                              true};

class BlockReader : public SparseAttention {
 public:
  explicit BlockReader(int64_t block) : block_(block) {}

  Selection select(const HeadInputs& x) const override;
  at::Tensor attend(const HeadInputs& x, const WeightDropout* dropout) const override;
  bool k_is_least() const override { return true; }

 protected:
  // [N, H, T, blocks] of bool: what each query reads. `scores`: HeadInputs::scores, without their gradient.
  virtual at::Tensor kept(const HeadInputs& x, const at::Tensor& scores) const = 0;

  int64_t block_;  // keys of a block; the last may have fewer

 private:
  at::Tensor kept_keys(const HeadInputs& x, const at::Tensor& scores) const;  // [N, H, T, T] of bool
};

// Whether the flash kernels can choose among blocks of attention.block keys.
bool blocks_have_flash(const Config& config);

// Rows [N, H, T, c] as blocks [N, H, blocks, b, c], the last filled up with zeros.
at::Tensor in_blocks(const at::Tensor& rows, int64_t block);
// Scores [N, H, T, T] as blocks of keys [N, H, T, blocks, b], the last filled up with -inf.
at::Tensor scores_in_blocks(const at::Tensor& scores, int64_t block);
// [N, H, blocks] of bool: every key and value of the block is a finite number.
at::Tensor finite_blocks(const HeadInputs& x, int64_t block);

// By how much the logarithm of a sum of `terms` exponentials of scores may be off for rounding, [N, H, T, 1]. A product of
// hd terms is off by at most hd roundoffs of |q| |k|; the largest |k| is that of a key that the query may read.
at::Tensor rounding_error(const HeadInputs& x, at::ScalarType type, int64_t terms);

}  // namespace ate
