// Keys and values as the other two passes read them.
#include <algorithm>
#include <cmath>
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

float distance(const float* a, const float* b, int64_t width) {
  float squares = 0;
  for (int64_t d = 0; d < width; ++d) squares += (a[d] - b[d]) * (a[d] - b[d]);
  return std::sqrt(squares);
}

// The largest distance of a block's key to their mean; infinite where a key or a value is no finite number.
void block_radii(const float* k, const float* v, const float* means, const FlashShape& shape, float* radii) {
  const int64_t width = shape.head_width;
  for (int64_t b = 0; b < shape.blocks(); ++b) {
    float radius = 0;
    bool finite = true;
    for (int64_t i = b * shape.block; i < std::min(shape.length, (b + 1) * shape.block); ++i) {
      const float away = distance(k + i * width, means + b * width, width);
      radius = std::max(radius, away);
      finite = finite && std::isfinite(away) &&
               std::all_of(v + i * width, v + (i + 1) * width, [](float x) { return std::isfinite(x); });
    }
    if (!finite) radius = INFINITY;
    radii[b] = radius;
  }
}

// Of each position: the largest norm of a key up to it, or without a causal mask of any key.
void largest_norms(const float* k, const FlashShape& shape, float* norms) {
  const std::vector<float> origin(static_cast<size_t>(shape.head_width));
  float largest = 0;
  for (int64_t i = 0; i < shape.length; ++i) {
    const float norm = distance(k + i * shape.head_width, origin.data(), shape.head_width);
    if (!(norm <= largest)) largest = std::isfinite(norm) ? norm : INFINITY;
    norms[i] = largest;
  }
  if (!shape.causal) std::fill_n(norms, shape.length, largest);
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
  if (!shape.certifies()) return;
  block_radii(k + kv_head * size, v + kv_head * size, means.data(), shape, at(parts.radii));
  largest_norms(k + kv_head * size, shape, at(parts.norms));
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
