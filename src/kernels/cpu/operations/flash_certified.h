// Queries that read blocks until a bound says that the others hold little (model/attention/certified.h): each in turn reads
// the block that could hold most, and those that want the same block are worked on together.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/cpu/operations/flash_rows.h"

namespace ate::kernels {
namespace {

class CertifiedRows {
 public:
  // q: the task's queries; choice: theirs, [count, choice_width], written where it is not nullptr.
  CertifiedRows(const FlashShape& shape, const Task& task, const Packed& parts, const float* q, float scale,
                Rows& rows, int32_t* choice)
      : shape_(shape),
        task_(task),
        parts_(parts),
        q_(q),
        scale_(scale),
        rows_(rows),
        choice_(choice),
        blocks_(shape.causal ? (task.first + task.count - 1) / shape.block + 1 : shape.blocks()),
        stride_((blocks_ + kTile - 1) / kTile * kTile),
        most_(static_cast<size_t>(task.count * stride_), -INFINITY),
        enough_(static_cast<size_t>(task.count)),
        read_(static_cast<size_t>(task.count)) {}

  void run() {
    if (choice_ != nullptr) std::fill_n(choice_, task_.count * shape_.choice_width(), -1);
    bound();
    std::vector<int64_t> rows, blocks;
    for (const bool own : {true, false})
      for (int64_t i = 0; i < task_.count; ++i)
        if (own || own_block(i) > 0) {
          rows.push_back(i);
          blocks.push_back(own ? own_block(i) : 0);
        }
    const auto count = static_cast<size_t>(task_.count);
    read({rows.begin(), rows.begin() + task_.count}, {blocks.begin(), blocks.begin() + task_.count});
    read({rows.begin() + task_.count, rows.end()}, {blocks.begin() + task_.count, blocks.end()});
    rows.resize(count);
    while (!rows.empty()) {
      blocks.clear();
      size_t wanting = 0;
      for (const int64_t i : rows) {
        if (read_[static_cast<size_t>(i)] >= shape_.blocks_read && is_certified(i)) continue;
        const int64_t block = next_block(i);
        if (block < 0) continue;
        rows[wanting++] = i;
        blocks.push_back(block);
      }
      rows.resize(wanting);
      read(rows, blocks);
    }
  }

 private:
  int64_t own_block(int64_t i) const { return (task_.first + i) / shape_.block; }

  // The logarithms, to base 2, of the most that each block can add to the softmax's sum: -inf of those that a query may not
  // read or has read, inf of those that it must. And the sum that is enough, for a total of 1.
  void bound() {
    constexpr float kRoundoff = std::numeric_limits<float>::epsilon() / 2;
    const int64_t width = shape_.head_width;
    const float sums = 4 * kRoundoff * static_cast<float>(shape_.blocks() + shape_.block) * kLog2e;
    const float products_of = 16 * kRoundoff * static_cast<float>(width + 8) * scale_;
    const auto share = static_cast<float>(shape_.epsilon / (1 - shape_.epsilon));
    const float whole = std::log2(static_cast<float>(shape_.block));
    const int64_t last = shape_.blocks() - 1;
    const float rest = std::log2(static_cast<float>(shape_.length - last * shape_.block));
    std::vector<float> scores(static_cast<size_t>(kRows * kTile));
    in_row_steps(task_.count, [&](int64_t i, auto steps) {
      constexpr int R = decltype(steps)::value;
      const float* queries[R];
      float norms[R];
      for (int r = 0; r < R; ++r) {
        queries[r] = q_ + (i + r) * width;
        float squares = 0;
        for (int64_t d = 0; d < width; ++d) squares += queries[r][d] * queries[r][d];
        norms[r] = std::sqrt(squares);
        const float error = products_of * norms[r] * parts_.norms[task_.first + i + r] + sums;
        enough_[static_cast<size_t>(i + r)] = share * std::exp2(-2 * error);
      }
      const int64_t needed = shape_.causal ? own_block(i + R - 1) : blocks_;
      for (int64_t first = 0; first < needed; first += kTile) {
        products<R>(queries, parts_.means_t + first * width, width, kTile, scores.data());
        for (int r = 0; r < R; ++r) {
          const int64_t there = std::min(kTile, (shape_.causal ? own_block(i + r) : blocks_) - first);
          float* const most = most_.data() + (i + r) * stride_ + first;
          for (int64_t c = 0; c < there; ++c) {
            const float x =
                (scores[static_cast<size_t>(r * kTile + c)] + norms[r] * parts_.radii[first + c]) * scale_ +
                (first + c == last ? rest : whole);
            most[c] = std::abs(x) < INFINITY ? x : INFINITY;
          }
        }
      }
    });
  }

  // exp2_of is for x <= 127: more is more than any share of a total that is counted from its largest term.
  bool is_certified(int64_t i) const {
    const Query& query = rows_.queries[static_cast<size_t>(i)];
    const Vector offset = all(*query.largest * scale_);
    const Vector limit = all(127.0F);
    const float* const most = most_.data() + i * stride_;
    Vector sums = {};
    for (int64_t b = 0; b < stride_; b += kVector) {
      const Vector x = get(most + b) - offset;
      sums += exp2_of(x < limit ? x : limit);
    }
    const Vector totals = get(query.total);
    float left = 0;
    float total = 0;
    for (int64_t lane = 0; lane < kVector; ++lane) {
      left += sums[lane];
      total += totals[lane];
    }
    return left <= enough_[static_cast<size_t>(i)] * total;
  }

  // The one that could hold most, the first of equals; -1: there is none.
  int64_t next_block(int64_t i) const {
    const float* const most = most_.data() + i * stride_;
    Vector top = all(-INFINITY);
    for (int64_t b = 0; b < stride_; b += kVector) top = larger(get(most + b), top);
    const float largest = largest_in(top);
    if (largest == -INFINITY) return -1;
    return std::find(most, most + blocks_, largest) - most;
  }

  // Row rows[n] reads block blocks[n].
  void read(const std::vector<int64_t>& rows, const std::vector<int64_t>& blocks) {
    std::vector<size_t> first(static_cast<size_t>(blocks_ + 1));
    for (const int64_t block : blocks) ++first[static_cast<size_t>(block) + 1];
    for (size_t b = 1; b < first.size(); ++b) first[b] += first[b - 1];
    std::vector<int64_t> order(rows.size());
    std::vector<size_t> next(first.begin(), first.end() - 1);
    for (size_t n = 0; n < rows.size(); ++n) {
      const int64_t i = rows[n];
      order[next[static_cast<size_t>(blocks[n])]++] = i;
      most_[static_cast<size_t>(i * stride_ + blocks[n])] = -INFINITY;
      int64_t& so_far = read_[static_cast<size_t>(i)];
      if (choice_ != nullptr) choice_[i * shape_.choice_width() + so_far] = static_cast<int32_t>(blocks[n]);
      ++so_far;
    }
    std::vector<Query> queries;
    for (int64_t b = 0; b < blocks_; ++b) {
      const int64_t* const readers = order.data() + first[static_cast<size_t>(b)];
      const auto count =
          static_cast<int64_t>(first[static_cast<size_t>(b) + 1] - first[static_cast<size_t>(b)]);
      if (count == 0) continue;
      queries.clear();
      for (int64_t n = 0; n < count; ++n) queries.push_back(rows_.queries[static_cast<size_t>(readers[n])]);
      read_block(
          shape_, parts_, queries.data(), count, b, [&](int64_t n) { return task_.first + readers[n]; },
          scale_);
    }
  }

  const FlashShape& shape_;
  const Task& task_;
  const Packed& parts_;
  const float* q_;
  float scale_;
  Rows& rows_;
  int32_t* choice_;
  int64_t blocks_, stride_;  // those that the task may read; floats of a row of most_
  std::vector<float> most_, enough_;
  std::vector<int64_t> read_;
};

}  // namespace
}  // namespace ate::kernels
