// Text from a model, token by token: what comes next, and a choice among it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "config/config.h"
#include "model/model.h"
#include "model/sampling.h"

namespace ate {

// A model that reads tokens and says how likely each is to follow. It sees the last T tokens at most, T being the window that
// it was trained on. A model that can_cache computes a new token alone; where T is full it forgets the oldest quarter and reads
// the rest again, because positions are counted from the window's start. Others read all of it for each token.
class Decoder {
 public:
  // Keeps a reference to the model. Throws BadInput where a position's logits depend on later tokens.
  Decoder(const Model& model, const Config& config, at::Device device);

  // At least one.
  void read(std::span<const int64_t> tokens);
  // Of the token after those read: [V], in double on the CPU.
  at::Tensor logits() const { return logits_; }

 private:
  bool sees_later_tokens() const;
  void read_window();  // all of window_

  const Model& model_;
  int64_t length_;  // T
  bool bag_;
  at::Device device_;
  std::vector<int64_t> window_;  // the tokens that the model sees
  KeyValueCache cache_;
  at::Tensor logits_;
};

// A token by these logits [V]. The draw is a function of (seed, index) alone.
int64_t sample(const at::Tensor& logits, const Sampling& sampling, uint64_t index);

}  // namespace ate
