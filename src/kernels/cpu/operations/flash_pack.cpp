// Keys and values as the other two passes read them.
#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

// Rows as tiles of columns: [tiles, width, kTile]; zero beyond the last row.
void pack_columns(const float* rows, int64_t count, int64_t width, float* out) {
  for (int64_t first = 0; first < count; first += kTile, out += kTile * width) {
    const int64_t here = std::min(kTile, count - first);
    for (int64_t d = 0; d < width; ++d) {
      float* const to = out + d * kTile;
      const float* from = rows + first * width + d;
      for (int64_t c = 0; c < here; ++c) to[c] = from[c * width];
      for (int64_t c = here; c < kTile; ++c) to[c] = 0;
    }
  }
}

// [tiles * kTile, padded width], zero beyond what there is.
void pack_rows(const float* rows, const FlashShape& shape, float* out) {
  const int64_t padded = shape.padded_width();
  set_zero(out, shape.tiles() * kTile * padded);
  for (int64_t i = 0; i < shape.length; ++i)
    std::copy_n(rows + i * shape.head_width, shape.head_width, out + i * padded);
}

void mean_keys(const float* k, const FlashShape& shape, float* means) {
  const int64_t width = shape.head_width;
  set_zero(means, shape.blocks() * width);
  for (int64_t b = 0; b < shape.blocks(); ++b) {
    const int64_t count = std::min(shape.block, shape.length - b * shape.block);
    float* const mean = means + b * width;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t d = 0; d < width; ++d) mean[d] += k[(b * shape.block + i) * width + d];
    for (int64_t d = 0; d < width; ++d) mean[d] /= static_cast<float>(count);
  }
}

}  // namespace

void flash_pack(const FlashShape& shape, bool backward, int64_t kv_head, const float* k, const float* v,
                float* packed) {
  const int64_t size = shape.length * shape.head_width;
  float* const base = packed + kv_head * shape.packed_floats(backward);
  const Packed parts(shape, backward, base);
  const auto at = [&](const float* part) { return base + (part - base); };
  pack_columns(k + kv_head * size, shape.length, shape.head_width, at(parts.keys_t));
  pack_rows(v + kv_head * size, shape, at(parts.values));
  if (backward) {
    pack_columns(v + kv_head * size, shape.length, shape.head_width, at(parts.values_t));
    pack_rows(k + kv_head * size, shape, at(parts.keys));
  }
  if (shape.blocks_read == 0) return;
  std::vector<float> means(static_cast<size_t>(shape.blocks() * shape.head_width));
  mean_keys(k + kv_head * size, shape, means.data());
  pack_columns(means.data(), shape.blocks(), shape.head_width, at(parts.means_t));
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
