#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/flash_certified.h"
#include "kernels/cpu/operations/flash_rows.h"
#include "kernels/cpu/operations/operations.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

void forward_blocks(const FlashShape& shape, const Task& task, const Packed& parts, const int32_t* choice,
                    float scale, Rows& rows) {
  const Readers readers(shape, choice + (task.head * shape.length + task.first) * shape.choice_width(),
                        task.count);
  std::vector<Query> queries;
  for (int64_t b = 0; b < shape.blocks(); ++b) {
    const int64_t begin = readers.first[static_cast<size_t>(b)];
    const int64_t count = readers.first[static_cast<size_t>(b) + 1] - begin;
    if (count == 0) continue;
    const int32_t* const query = readers.query.data() + begin;
    queries.clear();
    for (int64_t i = 0; i < count; ++i) queries.push_back(rows.queries[static_cast<size_t>(query[i])]);
    read_block(
        shape, parts, queries.data(), count, b, [&](int64_t i) { return task.first + query[i]; }, scale);
  }
}

void forward_spans(const FlashShape& shape, const Task& task, const Packed& parts, float scale, Rows& rows) {
  for (int64_t key = 0; key < shape.length; key += kTile) {
    const int64_t keys = std::min(kTile, shape.length - key);
    const auto span = [&](int64_t i) { return visible(shape, task.first + i, key, keys); };
    // Spans only move on from one query to the next.
    if (span(task.count - 1).high == 0) break;
    if (span(0).low >= keys) continue;
    attend_all(shape, parts, rows.queries.data(), task.count, key, keys, span, scale);
  }
}

}  // namespace

void flash_forward(const FlashShape& shape, int64_t number, const float* q, const float* packed,
                   int32_t* choice, float* out, float* log_sums) {
  const Task task(shape, number);
  const Packed parts(shape, false, packed + task.kv_head * shape.packed_floats(false));
  const float scale = kLog2e / std::sqrt(static_cast<float>(shape.head_width));
  const int64_t row = task.head * shape.length + task.first;
  Rows rows(shape, q + row * shape.head_width, task.count);
  if (shape.certifies())
    CertifiedRows(shape, task, parts, q + row * shape.head_width, scale, rows,
                  choice == nullptr ? nullptr : choice + row * shape.choice_width())
        .run();
  else if (shape.blocks_read > 0)
    forward_blocks(shape, task, parts, choice, scale, rows);
  else
    forward_spans(shape, task, parts, scale, rows);
  rows.write(shape, scale, out + row * shape.head_width, log_sums + row);
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
