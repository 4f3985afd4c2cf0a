// The blocks of keys that queries choose: by their products with the blocks' mean keys.
#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/largest_places.h"
#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels::ATE_INSTRUCTIONS {

void flash_choose(const FlashShape& shape, int64_t number, const float* q, const float* packed,
                  int32_t* choice) {
  const Task task(shape, number);
  const Packed parts(shape, false, packed + task.kv_head * shape.packed_floats(false));
  const int64_t last = shape.causal ? (task.first + task.count - 1) / shape.block : shape.blocks() - 1;
  const int64_t tiles = last / kTile + 1;
  std::vector<float> scores(static_cast<size_t>(tiles * kRows * kTile)),
      row(static_cast<size_t>(tiles * kTile));
  in_row_steps(task.count, [&](int64_t i, auto rows) {
    constexpr int R = decltype(rows)::value;
    const float* queries[R];
    for (int r = 0; r < R; ++r)
      queries[r] = q + (task.head * shape.length + task.first + i + r) * shape.head_width;
    const int64_t needed = shape.causal ? (task.first + i + R - 1) / shape.block + 1 : shape.blocks();
    for (int64_t tile = 0; tile * kTile < needed; ++tile)
      products<R>(queries, parts.means_t + tile * kTile * shape.head_width, shape.head_width,
                  std::min(kTile, (needed - tile * kTile + kVector - 1) / kVector * kVector),
                  scores.data() + tile * kRows * kTile);
    for (int r = 0; r < R; ++r) {
      const int64_t query = task.first + i + r;
      const int64_t own = query / shape.block;
      const int64_t there = shape.causal ? own : shape.blocks();
      const int64_t whole = (there + kTile - 1) / kTile * kTile;
      for (int64_t tile = 0; tile * kTile < there; ++tile)
        std::copy_n(scores.data() + (tile * kRows + r) * kTile, std::min(kTile, there - tile * kTile),
                    row.data() + tile * kTile);
      std::fill(row.begin() + there, row.begin() + whole, -INFINITY);
      int32_t* const chosen = choice + (task.head * shape.length + query) * shape.blocks_read;
      std::fill_n(chosen, shape.blocks_read, -1);
      if (!shape.causal && there > shape.blocks_read) row[static_cast<size_t>(own)] = -INFINITY;
      const bool own_is_among = !shape.causal && there <= shape.blocks_read;
      const int64_t wanted = shape.blocks_read - (own_is_among ? 0 : 1);
      largest_places({row.data(), whole}, there, wanted, chosen);
      if (!own_is_among) chosen[std::min(there, wanted)] = static_cast<int32_t>(own);
    }
  });
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
