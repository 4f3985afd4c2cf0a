#include "model/scored.h"

#include <ATen/ATen.h>

#include "config/derived.h"

namespace ate {

int64_t window_columns(const Config& config) {
  return config.windows.length + (asks(config.source) ? config.windows.length : 1);
}

Scored scored_of(const at::Tensor& windows, int64_t length, int64_t predictions, bool asks) {
  if (!asks) return {windows.narrow(1, length + 1 - predictions, predictions).reshape({-1}), {}};
  const at::Tensor answers = windows.narrow(1, length, length).reshape({-1});
  const at::Tensor rows = (answers >= 0).nonzero().squeeze(1);
  return {answers.index_select(0, rows), rows};
}

}  // namespace ate
