#include "model/decoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "random/counter.h"
#include "support/error.h"

namespace ate {
namespace {

at::Tensor row_of(std::span<const int64_t> tokens, at::Device device) {
  at::Tensor row = at::empty({1, std::ssize(tokens)}, at::kLong);
  std::copy(tokens.begin(), tokens.end(), row.data_ptr<int64_t>());
  return row.to(device);
}

}  // namespace

Decoder::Decoder(const Model& model, const Config& config, at::Device device)
    : model_(model),
      length_(config.windows.length),
      bag_(config.body.kind == BodyKind::bag),
      device_(device) {
  if (!bag_ && !model_.can_cache() && sees_later_tokens())
    throw BadInput("",
                   "the model's logits move with later tokens: it never learnt to go on with a text "
                   "(body.causal=false, or a selector that may choose later positions)");
}

bool Decoder::sees_later_tokens() const {
  const at::NoGradGuard no_gradient;
  const int64_t half = length_ / 2;
  const at::Tensor window = at::zeros({1, length_}, at::TensorOptions(at::kLong).device(device_));
  const at::Tensor before = model_.logits(window).narrow(1, 0, half).clone();
  window.narrow(1, half, length_ - half).fill_(1);
  return !at::equal(before, model_.logits(window).narrow(1, 0, half));
}

void Decoder::read(std::span<const int64_t> tokens) {
  const at::NoGradGuard no_gradient;
  window_.insert(window_.end(), tokens.begin(), tokens.end());
  if (!model_.can_cache()) {
    if (std::ssize(window_) > length_) window_.erase(window_.begin(), window_.end() - length_);
    read_window();
    return;
  }
  if (std::ssize(window_) > length_) {
    window_.erase(window_.begin(), window_.end() - (length_ - length_ / 4));
    cache_.length = 0;
  }
  const std::span<const int64_t> unread = std::span(window_).subspan(static_cast<size_t>(cache_.length));
  logits_ = model_.logits(row_of(unread, device_), cache_).select(1, -1).flatten().to(at::kCPU, at::kDouble);
}

void Decoder::read_window() {
  // A sparse kind may need whole windows; what follows the last token is not seen.
  std::vector<int64_t> padded = window_;
  if (!bag_) padded.resize(static_cast<size_t>(length_), window_.back());
  const at::Tensor all = model_.logits(row_of(padded, device_));
  logits_ = all.select(1, bag_ ? 0 : std::ssize(window_) - 1).flatten().to(at::kCPU, at::kDouble);
}

int64_t sample(const at::Tensor& logits, const Sampling& sampling, uint64_t index) {
  const auto [sorted, tokens] = logits.sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  if (sampling.temperature == 0) return tokens[0].item<int64_t>();
  const int64_t kept = sampling.top_k > 0 ? std::min(sampling.top_k, logits.numel()) : logits.numel();
  const at::Tensor shares = (sorted.narrow(0, 0, kept) / sampling.temperature).softmax(-1).cumsum(-1);
  const double draw =
      unit_interval(word64(random_block({sampling.seed, 0}, Purpose::generation, 0, 0, index), 0));
  const auto* share = shares.const_data_ptr<double>();
  // Rounding may leave the last sum below 1.
  const int64_t place = std::min<int64_t>(std::upper_bound(share, share + kept, draw) - share, kept - 1);
  return tokens[place].item<int64_t>();
}

}  // namespace ate
