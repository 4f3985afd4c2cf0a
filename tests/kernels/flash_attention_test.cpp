// Flash attention in every instruction set that this processor has, against sums over all keys in double.
#include "kernels/cpu/flash_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.h"
#include "helpers/normal_numbers.h"
#include "kernels/cpu/kernels.h"

using namespace ate;
using kernels::FlashShape;
using testing::normal_numbers;

namespace {

struct Arrays {
  explicit Arrays(const FlashShape& s)
      : q(normal_numbers(s.heads * s.length * s.head_width, 1)),
        k(normal_numbers(s.kv_heads * s.length * s.head_width, 2)),
        v(normal_numbers(s.kv_heads * s.length * s.head_width, 3)),
        dout(normal_numbers(s.heads * s.length * s.head_width, 4)) {}
  std::vector<float> q, k, v, dout;
};

struct Result {
  std::vector<double> out, log_sums, dq, dk, dv;
  std::vector<int32_t> choice;
};

template <class T>
std::vector<double> doubles(const std::vector<T>& x) {
  return {x.begin(), x.end()};
}

Result by_kernels(const kernels::FlashKernels& kernel, const FlashShape& s, const Arrays& x, int64_t splits) {
  const auto size = [](int64_t n) { return static_cast<size_t>(n); };
  std::vector<float> packed(size(s.kv_heads * s.packed_floats(false))), out(x.q.size()),
      log_sums(size(s.heads * s.length)), deltas, both(size(s.kv_heads * s.packed_floats(true))),
      dq(size(splits * s.heads * s.length * s.padded_width())), dk(x.k.size(), NAN), dv(x.v.size(), NAN);
  Result r;
  r.choice.resize(size(s.heads * s.length * s.choice_width()));
  for (int64_t head = 0; head < s.kv_heads; ++head) {
    kernel.pack(s, false, head, x.k.data(), x.v.data(), packed.data());
    kernel.pack(s, true, head, x.k.data(), x.v.data(), both.data());
  }
  for (int64_t task = 0; task < s.forward_tasks(); ++task) {
    if (s.blocks_read > 0 && !s.certifies())
      kernel.choose(s, task, x.q.data(), packed.data(), r.choice.data());
    kernel.forward(s, task, x.q.data(), packed.data(), r.choice.data(), out.data(), log_sums.data());
  }
  for (int64_t i = 0; i < s.heads * s.length; ++i) {
    float sum = 0;
    for (int64_t d = 0; d < s.head_width; ++d)
      sum += out[size(i * s.head_width + d)] * x.dout[size(i * s.head_width + d)];
    deltas.push_back(sum);
  }
  for (int64_t task = 0; task < s.backward_tasks(splits); ++task)
    kernel.backward(s, splits, task, x.q.data(), both.data(), r.choice.data(), x.dout.data(), log_sums.data(),
                    deltas.data(), dq.data(), dk.data(), dv.data());
  r.out = doubles(out);
  r.log_sums = doubles(log_sums);
  r.dk = doubles(dk);
  r.dv = doubles(dv);
  r.dq.resize(x.q.size());
  for (int64_t split = 0; split < splits; ++split)
    for (int64_t i = 0; i < s.heads * s.length; ++i)
      for (int64_t d = 0; d < s.head_width; ++d)
        r.dq[size(i * s.head_width + d)] += dq[size((split * s.heads * s.length + i) * s.padded_width() + d)];
  return r;
}

// The positions that query i of a head reads, by the words of FlashShape; `choice`: the blocks that it chose.
std::vector<int64_t> keys_of(const FlashShape& s, int64_t i, const int32_t* choice) {
  int64_t low = 0;
  int64_t high = s.causal ? i + 1 : s.length;
  if (s.window > 0) {
    const int64_t width = std::min(s.window, s.length);
    low = s.causal ? std::max<int64_t>(0, i + 1 - width)
                   : std::clamp<int64_t>(i - width / 2, 0, s.length - width);
    if (!s.causal) high = low + width;
  }
  std::vector<int64_t> keys;
  for (int64_t j = low; j < high; ++j)
    if (s.blocks_read == 0 || std::count(choice, choice + s.choice_width(), j / s.block) > 0)
      keys.push_back(j);
  return keys;
}

// The blocks that query i of a head should choose, sorted.
std::vector<int32_t> best_blocks(const FlashShape& s, const Arrays& x, int64_t head, int64_t i) {
  std::vector<std::pair<double, int32_t>> others;
  const int64_t own = i / s.block;
  for (int64_t b = 0; b < (s.causal ? own : s.blocks()); ++b) {
    if (b == own) continue;
    double score = 0;
    const int64_t end = std::min(s.length, (b + 1) * s.block);
    for (int64_t j = b * s.block; j < end; ++j)
      for (int64_t d = 0; d < s.head_width; ++d)
        score += double{x.q[static_cast<size_t>((head * s.length + i) * s.head_width + d)]} *
                 x.k[static_cast<size_t>((head / s.group() * s.length + j) * s.head_width + d)] /
                 static_cast<double>(end - b * s.block);
    others.emplace_back(-score, static_cast<int32_t>(b));
  }
  std::sort(others.begin(), others.end());
  std::vector<int32_t> best = {static_cast<int32_t>(own)};
  for (size_t n = 0; n < others.size() && std::ssize(best) < s.blocks_read; ++n)
    best.push_back(others[n].second);
  std::sort(best.begin(), best.end());
  return best;
}

// softmax(q k / root) v and its gradients, the sums written out.
Result by_sums(const FlashShape& s, const Arrays& x, const std::vector<int32_t>& choice) {
  Result r;
  r.out.resize(x.q.size());
  r.dq.resize(x.q.size());
  r.dk.resize(x.k.size());
  r.dv.resize(x.v.size());
  const double scale = 1 / std::sqrt(static_cast<double>(s.head_width));
  const auto width = static_cast<size_t>(s.head_width);
  for (int64_t row = 0; row < s.heads * s.length; ++row) {
    const int64_t kv_head = row / s.length / s.group();
    const std::vector<int64_t> keys = keys_of(s, row % s.length, choice.data() + row * s.choice_width());
    const size_t query = static_cast<size_t>(row) * width;
    const auto key = [&](int64_t j) { return static_cast<size_t>(kv_head * s.length + j) * width; };
    std::vector<double> weights;
    double sum = 0;
    for (const int64_t j : keys) {
      double score = 0;
      for (size_t d = 0; d < width; ++d) score += double{x.q[query + d]} * x.k[key(j) + d];
      weights.push_back(std::exp(score * scale));
      sum += weights.back();
    }
    double delta = 0;
    for (size_t n = 0; n < keys.size(); ++n) {
      weights[n] /= sum;
      for (size_t d = 0; d < width; ++d) r.out[query + d] += weights[n] * x.v[key(keys[n]) + d];
    }
    r.log_sums.push_back(std::log(sum));
    for (size_t d = 0; d < width; ++d) delta += r.out[query + d] * x.dout[query + d];
    for (size_t n = 0; n < keys.size(); ++n) {
      double dweight = 0;
      for (size_t d = 0; d < width; ++d) dweight += double{x.dout[query + d]} * x.v[key(keys[n]) + d];
      const double dscore = weights[n] * (dweight - delta) * scale;
      for (size_t d = 0; d < width; ++d) {
        r.dq[query + d] += dscore * x.k[key(keys[n]) + d];
        r.dk[key(keys[n]) + d] += dscore * x.q[query + d];
        r.dv[key(keys[n]) + d] += weights[n] * x.dout[query + d];
      }
    }
  }
  return r;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // a NaN stays
  }
  return largest;
}

FlashShape shape(int64_t heads, int64_t kv_heads, int64_t length, int64_t head_width, bool causal = true) {
  FlashShape s;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.length = length;
  s.head_width = head_width;
  s.causal = causal;
  return s;
}
FlashShape windowed(FlashShape s, int64_t window) {
  s.window = window;
  return s;
}
FlashShape choosing(FlashShape s, int64_t blocks_read, int64_t block) {
  s.blocks_read = blocks_read;
  s.block = block;
  return s;
}

FlashShape certifying(FlashShape s, int64_t least, int64_t block, double epsilon) {
  s.blocks_read = least;
  s.block = block;
  s.epsilon = epsilon;
  return s;
}

// Keys near one place for each block, and queries that look at few of them.
Arrays clustered(const FlashShape& s) {
  Arrays x(s);
  const std::vector<float> places = normal_numbers(s.kv_heads * s.blocks() * s.head_width, 5);
  for (int64_t i = 0; i < s.kv_heads * s.length; ++i)
    for (int64_t d = 0; d < s.head_width; ++d) {
      const int64_t block = i / s.length * s.blocks() + i % s.length / s.block;
      float& key = x.k[static_cast<size_t>(i * s.head_width + d)];
      key = 2 * places[static_cast<size_t>(block * s.head_width + d)] + 0.1F * key;
    }
  return x;
}

// What a query reads until the bound of the rest is small enough, in that order (model/attention/certified.h).
std::vector<int32_t> certified_blocks(const FlashShape& s, const Arrays& x, int64_t head, int64_t i) {
  const double scale = 1 / std::sqrt(static_cast<double>(s.head_width));
  const auto q = [&](int64_t d) {
    return double{x.q[static_cast<size_t>((head * s.length + i) * s.head_width + d)]};
  };
  const auto k = [&](int64_t j, int64_t d) {
    return double{x.k[static_cast<size_t>((head / s.group() * s.length + j) * s.head_width + d)]};
  };
  const auto end_of = [&](int64_t b) { return std::min(s.length, (b + 1) * s.block); };
  const auto held = [&](int64_t b) {  // of the softmax's sum
    double sum = 0;
    for (int64_t j = b * s.block; j < std::min(end_of(b), s.causal ? i + 1 : s.length); ++j) {
      double score = 0;
      for (int64_t d = 0; d < s.head_width; ++d) score += q(d) * k(j, d);
      sum += std::exp(score * scale);
    }
    return sum;
  };
  const auto most = [&](int64_t b) {
    const auto count = static_cast<double>(end_of(b) - b * s.block);
    std::vector<double> mean(static_cast<size_t>(s.head_width));
    double product = 0, norm = 0, radius = 0;
    for (int64_t d = 0; d < s.head_width; ++d) {
      for (int64_t j = b * s.block; j < end_of(b); ++j) mean[static_cast<size_t>(d)] += k(j, d) / count;
      product += q(d) * mean[static_cast<size_t>(d)];
      norm += q(d) * q(d);
    }
    for (int64_t j = b * s.block; j < end_of(b); ++j) {
      double squares = 0;
      for (int64_t d = 0; d < s.head_width; ++d)
        squares += std::pow(k(j, d) - mean[static_cast<size_t>(d)], 2);
      radius = std::max(radius, squares);
    }
    return count * std::exp(scale * (product + std::sqrt(norm * radius)));
  };
  const auto own = static_cast<int32_t>(i / s.block);
  std::vector<int32_t> blocks = {own};
  double read = held(own), left = 0;
  if (own > 0) {
    blocks.push_back(0);
    read += held(0);
  }
  std::vector<std::pair<double, int32_t>> others;
  for (int32_t b = 1; b < (s.causal ? own : s.blocks()); ++b)
    if (b != own) others.emplace_back(-most(b), b);
  for (const auto& [sum, b] : others) left -= sum;
  std::sort(others.begin(), others.end());
  for (const auto& [sum, b] : others) {
    if (std::ssize(blocks) >= s.blocks_read && left / (left + read) <= s.epsilon) break;
    blocks.push_back(b);
    left += sum;
    read += held(b);
  }
  return blocks;
}

// The share of blocks that are not read.
double check_certified(const FlashShape& s, int64_t splits = 1) {
  const Arrays x = clustered(s);
  double skipped = 0;
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name, s.heads, s.kv_heads, s.length, s.head_width, s.causal, s.blocks_read, s.block,
            s.epsilon);
    const Result found = by_kernels(*set.flash, s, x, splits);
    int64_t others = 0, read = 0;
    for (int64_t row = 0; row < s.heads * s.length; ++row) {
      const auto first = found.choice.begin() + row * s.choice_width();
      const std::vector<int32_t> chosen(first, std::find(first, first + s.choice_width(), -1));
      read += std::ssize(chosen);
      if (chosen != certified_blocks(s, x, row / s.length, row % s.length)) ++others;
    }
    CHECK(others <= s.heads * s.length / 100);  // where rounding decides
    skipped = 1 - static_cast<double>(read) / static_cast<double>(s.heads * s.length * s.blocks());
    const Result expected = by_sums(s, x, found.choice);
    CHECK(largest_difference(found.out, expected.out) < 1e-5);
    CHECK(largest_difference(found.log_sums, expected.log_sums) < 1e-5);
    CHECK(largest_difference(found.dq, expected.dq) < 3e-5);
    CHECK(largest_difference(found.dk, expected.dk) < 3e-5);
    CHECK(largest_difference(found.dv, expected.dv) < 3e-5);
  }
  return skipped;
}

void check(const FlashShape& s, int64_t splits = 1) {
  const Arrays x(s);
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name, s.heads, s.kv_heads, s.length, s.head_width, s.causal, s.window, s.blocks_read, s.block,
            splits);
    const Result found = by_kernels(*set.flash, s, x, splits);
    for (int64_t row = 0; row < (s.blocks_read > 0 ? s.heads * s.length : 0); ++row) {
      std::vector<int32_t> chosen;
      for (int64_t n = 0; n < s.blocks_read; ++n)
        if (const int32_t b = found.choice[static_cast<size_t>(row * s.blocks_read + n)]; b >= 0)
          chosen.push_back(b);
      std::sort(chosen.begin(), chosen.end());
      if (chosen != best_blocks(s, x, row / s.length, row % s.length))
        FAIL("query " << row << " chose other blocks");
    }
    const Result expected = by_sums(s, x, found.choice);
    CHECK(largest_difference(found.out, expected.out) < 5e-6);
    CHECK(largest_difference(found.log_sums, expected.log_sums) < 5e-6);
    CHECK(largest_difference(found.dq, expected.dq) < 1e-5);
    CHECK(largest_difference(found.dk, expected.dk) < 1e-5);
    CHECK(largest_difference(found.dv, expected.dv) < 1e-5);
  }
}

}  // namespace

TEST_CASE("flash attention over all keys, and its gradients", "[kernels]") {
  for (const int64_t length : {1, 2, 63, 64, 65, 130, 333}) check(shape(2, 2, length, 32));
  for (const int64_t width : {1, 8, 16, 20, 40, 64, 100, 128}) check(shape(1, 1, 70, width));
  check(shape(2, 1, 150, 24, false));
  check(shape(6, 2, 140, 16), 2);  // grouped heads, blocks dealt to two tasks
  check(shape(1, 1, 200, 64), 3);
}

TEST_CASE("flash attention over a window", "[kernels]") {
  for (const bool causal : {true, false})
    for (const int64_t window : {1, 5, 64, 70, 199, 200, 1000})
      check(windowed(shape(2, 1, 200, 16, causal), window), 2);
}

TEST_CASE("flash attention over blocks that queries choose", "[kernels]") {
  for (const bool causal : {true, false}) {
    for (const int64_t block : {16, 32, 64, 128}) check(choosing(shape(2, 1, 333, 16, causal), 2, block), 2);
    check(choosing(shape(1, 1, 150, 16, causal), 1, 16));   // its own block alone
    check(choosing(shape(1, 1, 150, 16, causal), 50, 64));  // more than there are
    check(choosing(shape(1, 1, 700, 8, causal), 25, 16));   // more than a vector of them
    check(choosing(shape(1, 1, 1500, 8, causal), 7, 16));   // more blocks than a tile, more than one task
  }
}

TEST_CASE("flash attention over blocks until a bound says that the others hold little", "[kernels]") {
  for (const bool causal : {true, false}) {
    for (const int64_t length : {1, 63, 65, 333})
      check_certified(certifying(shape(2, 1, length, 16, causal), 1, 16, 0.05), 2);
    for (const int64_t block : {32, 64, 128})
      CHECK(check_certified(certifying(shape(1, 1, 700, 16, causal), 3, block, 0.01)) > 0.05);
    check_certified(certifying(shape(1, 1, 1200, 8, causal), 1, 16, 1e-9));  // more blocks than a tile
    check_certified(certifying(shape(1, 1, 150, 16, causal), 50, 16, 0.5));  // all are read
  }
}

TEST_CASE("what is no finite number is read by a certified choice", "[kernels]") {
  const FlashShape s = certifying(shape(1, 1, 300, 16), 1, 16, 0.5);
  for (const kernels::KernelSet& set : kernels::kernel_sets())
    for (const float value : {INFINITY, -INFINITY, std::nanf("")})
      for (const bool is_key : {true, false}) {
        CAPTURE(set.name, value, is_key);
        Arrays x = clustered(s);
        const std::vector<int32_t> before = by_kernels(*set.flash, s, x, 1).choice;
        (is_key ? x.k : x.v)[70 * 16 + 3] = value;
        const std::vector<int32_t> after = by_kernels(*set.flash, s, x, 1).choice;
        for (int64_t i = 0; i < s.length; ++i) {
          const auto chosen = after.begin() + i * s.choice_width();
          const auto end = chosen + s.choice_width();
          if (i < 64 && !std::equal(chosen, end, before.begin() + i * s.choice_width()))
            FAIL("query " << i << " looked ahead");
          if (i >= 80 && std::find(chosen, end, 70 / 16) == end) FAIL("query " << i);
        }
      }
}

TEST_CASE("of blocks with equal scores the first are chosen", "[kernels]") {
  const FlashShape s = choosing(shape(1, 1, 400, 8), 4, 16);
  Arrays x(s);
  std::fill(x.k.begin(), x.k.end(), 0.25F);
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    const Result found = by_kernels(*set.flash, s, x, 1);
    for (int64_t i = 0; i < s.length; ++i) {
      const int32_t* const chosen = found.choice.data() + i * 4;
      const auto own = static_cast<int32_t>(i / 16);
      for (int32_t b = 0; b < std::min(own + 1, 4); ++b)
        if (std::count(chosen, chosen + 4, b < 3 ? b : own) != 1) FAIL("query " << i << ", block " << b);
    }
  }
}

TEST_CASE("numbers that are none, and scores without bound, are as in a softmax", "[kernels]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const FlashShape s = shape(1, 1, 100, 16);
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    Arrays x(s);
    const auto outputs = [&] { return by_kernels(*set.flash, s, x, 1).out; };
    // A score of -inf has no weight: position 40 is as if it were not there.
    std::fill_n(x.q.begin(), x.q.size(), 1.0F);
    std::fill_n(x.k.begin() + 40 * 16, 16, -kInfinity);
    std::vector<double> out = outputs();
    CHECK(std::all_of(out.begin(), out.end(), [](double y) { return std::isfinite(y); }));
    x.v[40 * 16] = 1e6F;
    CHECK(outputs() == out);
    // One of +inf, or a NaN, leaves nothing of those that read it, and those before it as they are.
    for (const float value : {kInfinity, std::nanf("")}) {
      x = Arrays(s);
      x.q.assign(x.q.size(), 1.0F);
      out = outputs();
      std::fill_n(x.k.begin() + 40 * 16, 16, value);
      const std::vector<double> after = outputs();
      for (size_t i = 0; i < after.size(); ++i)
        if (i < 40 * 16 ? after[i] != out[i] : !std::isnan(after[i])) FAIL("position " << i / 16);
    }
    // Scores so large that their exponentials are above any float.
    x = Arrays(s);
    for (float& y : x.q) y *= 1000;
    out = outputs();
    CHECK(std::all_of(out.begin(), out.end(), [](double y) { return std::isfinite(y); }));
  }
}
