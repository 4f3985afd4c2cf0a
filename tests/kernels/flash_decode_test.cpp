// The last position alone, from a cache, in every instruction set that this processor has, against sums in double.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.h"
#include "helpers/normal_numbers.h"
#include "kernels/cpu/kernels.h"

using namespace ate;
using kernels::FlashCache;
using kernels::FlashShape;
using testing::normal_numbers;

namespace {

constexpr int64_t kSpare = 3;  // rows of a cache that are not filled

struct Cache {
  explicit Cache(const FlashShape& s)
      : rows(s.length + kSpare),
        q(normal_numbers(s.heads * s.head_width, 1)),
        keys(normal_numbers(s.kv_heads * rows * s.head_width, 2)),
        values(normal_numbers(s.kv_heads * rows * s.head_width, 3)) {
    for (int64_t head = 0; head < s.kv_heads; ++head)
      for (int64_t i = s.length; i < rows; ++i)
        for (int64_t d = 0; d < s.head_width; ++d) key(s, head, i, d) = value(s, head, i, d) = NAN;
    const int64_t whole = (s.length - 1) / s.block;
    mean_rows = whole + 1;
    means.resize(static_cast<size_t>(s.kv_heads * mean_rows * s.head_width), NAN);
    for (int64_t head = 0; head < s.kv_heads; ++head)
      for (int64_t b = 0; b < whole; ++b)
        for (int64_t d = 0; d < s.head_width; ++d) {
          double sum = 0;
          for (int64_t i = b * s.block; i < (b + 1) * s.block; ++i) sum += key(s, head, i, d);
          means[static_cast<size_t>((head * mean_rows + b) * s.head_width + d)] =
              static_cast<float>(sum / static_cast<double>(s.block));
        }
  }
  float& key(const FlashShape& s, int64_t head, int64_t i, int64_t d) {
    return keys[static_cast<size_t>((head * rows + i) * s.head_width + d)];
  }
  float& value(const FlashShape& s, int64_t head, int64_t i, int64_t d) {
    return values[static_cast<size_t>((head * rows + i) * s.head_width + d)];
  }

  int64_t rows, mean_rows = 0;
  std::vector<float> q, keys, values, means;
};

std::vector<float> decoded(const kernels::FlashKernels& kernel, const FlashShape& s, const Cache& x) {
  const FlashCache cache = {x.keys.data(), x.values.data(), x.rows, x.means.data(), x.mean_rows};
  std::vector<float> out(x.q.size(), NAN);
  for (int64_t head = 0; head < s.kv_heads; ++head) kernel.decode(s, cache, head, x.q.data(), out.data());
  return out;
}

// The blocks that a query reads: the last one, and those of the largest products, the first of equals.
std::vector<int64_t> chosen_blocks(const FlashShape& s, const Cache& x, int64_t head) {
  const int64_t own = (s.length - 1) / s.block;
  std::vector<double> score(static_cast<size_t>(own));
  for (int64_t b = 0; b < own; ++b)
    for (int64_t d = 0; d < s.head_width; ++d)
      score[static_cast<size_t>(b)] +=
          static_cast<double>(x.q[static_cast<size_t>(head * s.head_width + d)]) *
          x.means[static_cast<size_t>((head / s.group() * x.mean_rows + b) * s.head_width + d)];
  std::vector<int64_t> blocks(score.size());
  std::iota(blocks.begin(), blocks.end(), 0);
  std::stable_sort(blocks.begin(), blocks.end(), [&](int64_t a, int64_t b) {
    return score[static_cast<size_t>(a)] > score[static_cast<size_t>(b)];
  });
  blocks.resize(std::min<size_t>(blocks.size(), static_cast<size_t>(s.blocks_read - 1)));
  blocks.push_back(own);
  return blocks;
}

std::vector<double> expected(const FlashShape& s, Cache& x) {
  std::vector<double> out;
  for (int64_t head = 0; head < s.heads; ++head) {
    std::vector<int64_t> read;
    if (s.blocks_read > 0) {
      for (const int64_t b : chosen_blocks(s, x, head))
        for (int64_t i = b * s.block; i < std::min(s.length, (b + 1) * s.block); ++i) read.push_back(i);
    } else {
      for (int64_t i = s.window > 0 ? std::max<int64_t>(0, s.length - s.window) : 0; i < s.length; ++i)
        read.push_back(i);
    }
    std::vector<double> score;
    for (const int64_t i : read) {
      double sum = 0;
      for (int64_t d = 0; d < s.head_width; ++d)
        sum += static_cast<double>(x.q[static_cast<size_t>(head * s.head_width + d)]) *
               x.key(s, head / s.group(), i, d);
      score.push_back(sum / std::sqrt(static_cast<double>(s.head_width)));
    }
    const double largest = *std::max_element(score.begin(), score.end());
    double total = 0;
    for (double& y : score) total += y = std::exp(y - largest);
    for (int64_t d = 0; d < s.head_width; ++d) {
      double sum = 0;
      for (size_t n = 0; n < read.size(); ++n)
        sum += score[n] / total * x.value(s, head / s.group(), read[n], d);
      out.push_back(sum);
    }
  }
  return out;
}

FlashShape shape_of(int64_t length, int64_t width, int64_t heads = 2, int64_t kv_heads = 2) {
  FlashShape s;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.length = length;
  s.head_width = width;
  return s;
}

}  // namespace

TEST_CASE("a decoded query is the last row of attention, in every instruction set", "[kernels]") {
  std::vector<FlashShape> shapes;
  for (const int64_t length : {1, 2, 63, 64, 65, 1000})
    for (const int64_t width : {1, 7, 16, 20, 64, 100, 128}) {
      shapes.push_back(shape_of(length, width));
      shapes.push_back(shape_of(length, width, 6, 2));
      for (const int64_t window : {1, 20, 300}) {
        shapes.push_back(shape_of(length, width));
        shapes.back().window = window;
      }
      for (const int64_t block : {1, 16, 48})
        for (const int64_t read : {1, 2, 5}) {
          shapes.push_back(shape_of(length, width, 4, 2));
          shapes.back().block = block;
          shapes.back().blocks_read = read < shapes.back().blocks() ? read : 0;
        }
    }
  for (const kernels::KernelSet& set : kernels::kernel_sets())
    for (const FlashShape& s : shapes) {
      CAPTURE(set.name, s.length, s.head_width, s.heads, s.window, s.block, s.blocks_read);
      Cache x(s);
      const std::vector<float> out = decoded(*set.flash, s, x);
      const std::vector<double> wanted = expected(s, x);
      double largest = 0;
      for (size_t i = 0; i < out.size(); ++i) {
        const double difference = std::abs(out[i] - wanted[i]);
        if (!(difference <= largest)) largest = difference;  // also what is no number
      }
      CHECK(largest < 1e-5);
    }
}

TEST_CASE("a decoded query meets equal, infinite and missing numbers as dense attention does", "[kernels]") {
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    FlashShape s = shape_of(160, 16, 1, 1);
    s.block = 16;
    s.blocks_read = 3;
    Cache same(s);
    std::fill(same.means.begin(), same.means.end(), 0.5F);  // all blocks are equal: the first two are read
    const std::vector<double> wanted = expected(s, same);
    const std::vector<float> out = decoded(*set.flash, s, same);
    for (size_t i = 0; i < out.size(); ++i) CHECK(std::abs(out[i] - wanted[i]) < 1e-5);

    s.blocks_read = 0;
    Cache away(s);
    for (int64_t i = 0; i < s.length; ++i)
      if (i != 70) away.key(s, 0, i, 0) = away.q[0] > 0 ? -INFINITY : INFINITY;
    const std::vector<float> one = decoded(*set.flash, s, away);
    for (int64_t d = 0; d < s.head_width; ++d) CHECK(one[static_cast<size_t>(d)] == away.value(s, 0, 70, d));

    Cache broken(s);
    broken.key(s, 0, 3, 2) = std::numeric_limits<float>::quiet_NaN();
    for (const float y : decoded(*set.flash, s, broken)) CHECK(std::isnan(y));
    Cache infinite(s);
    infinite.key(s, 0, 3, 0) = infinite.q[0] > 0 ? INFINITY : -INFINITY;
    for (const float y : decoded(*set.flash, s, infinite)) CHECK(std::isnan(y));
  }
}
