// threshold: what it skips, by sums in double, and what it promises of that.
#include <cmath>
#include <limits>
#include <vector>

#include "bench/laws.h"
#include "catch.h"
#include "helpers/attention_kinds.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::unique_ptr<SparseAttention> threshold(int64_t length, int64_t block, double drop, int64_t k = 1) {
  Config config;
  config.windows.length = length;
  config.attention.kind = AttentionKind("threshold");
  config.attention.k = k;
  config.attention.own.set("block", block);
  config.attention.own.set("drop", drop);
  return config.attention.kind->make(config, {});
}

HeadInputs drawn(int64_t length, bool causal, double size, at::ScalarType type) {
  const auto draw = [&] { return size * at::randn({1, 1, length, 8}, type); };
  return with_mask({draw(), draw(), draw(), {}}, causal);
}

// The share of pairs that may be read and are not.
double check_threshold(const HeadInputs& x, int64_t block, double drop) {
  const int64_t length = x.queries.size(2);
  const auto attention = threshold(length, block, drop);
  const Selection selection = attention->select(x);
  const at::Tensor bound = attention->skipped_bound(x).to(at::kDouble);
  const at::Tensor scores = x.scores().to(at::kDouble)[0][0].contiguous();
  const auto score = scores.accessor<double, 2>();
  const at::Tensor there = selection.absent[0][0].logical_not();
  const at::Tensor keys =
      at::zeros({length, length}, at::kBool).scatter(1, selection.positions[0][0], there).contiguous();
  const auto read = keys.accessor<bool, 2>();
  double skipped = 0;
  for (int64_t t = 0; t < length; ++t) {
    const int64_t visible = x.is_causal() ? t + 1 : length;
    double largest = -INFINITY;
    std::vector<bool> expected;
    for (int64_t first = 0; first < visible; first += block) {
      const int64_t end = std::min(visible, first + block);
      double here = -INFINITY;
      for (int64_t i = first; i < end; ++i) here = std::max(here, score[t][i]);
      largest = std::max(largest, here);
      for (int64_t i = first; i < end; ++i)
        expected.push_back(!(here < largest - drop) || first / block == t / block);
    }
    double all = 0, some = 0, left_out = 0;
    for (int64_t i = 0; i < visible; ++i) {
      const double weight = std::exp(score[t][i] - largest);
      all += weight;
      (read[t][i] ? some : left_out) += read[t][i] ? weight : 1;
      REQUIRE(read[t][i] == expected[static_cast<size_t>(i)]);
    }
    skipped += left_out;
    const double share = bound[0][0][t].item<double>();
    REQUIRE(1 - some / all <= share + 1e-14);
    REQUIRE(share <= 1.01 * left_out * std::exp(-drop));
  }
  return skipped / static_cast<double>(length * length);
}

}  // namespace

TEST_CASE("threshold skips blocks far below the largest score before them, and bounds what they hold",
          "[model]") {
  at::manual_seed(1);
  double skipped = 0;
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const bool causal : {true, false})
      for (const int64_t length : {1, 63, 65, 130})
        for (const double size : {0.0, 1.0, 3.0})
          skipped = std::max(skipped, check_threshold(drawn(length, causal, size, type), 8, 4));
  CHECK(skipped > 0.3);
}

TEST_CASE("threshold is dense attention where nothing drops so far or k is the window", "[model]") {
  at::manual_seed(2);
  for (const bool causal : {true, false}) {
    const HeadInputs x = drawn(65, causal, 3, at::kDouble);
    const at::Tensor dense = at::matmul(x.scores().softmax(-1), x.values);
    CHECK(at::equal(threshold(65, 8, 1e6)->attend(x, nullptr), dense));
    CHECK(at::equal(threshold(65, 8, 0, 65)->attend(x, nullptr), dense));
    CHECK(largest_difference(threshold(65, 8, 1)->attend(x, nullptr), dense) > 1e-3);
  }
}

TEST_CASE("numbers that are not finite come out of threshold as of dense attention", "[model]") {
  at::manual_seed(3);
  for (const double bad : {double(INFINITY), -double(INFINITY), double(NAN)})
    for (const int which : {0, 1, 2}) {
      const HeadInputs x = drawn(100, false, 3, at::kFloat);
      (which == 0 ? x.queries : which == 1 ? x.keys : x.values).select(2, 40).fill_(bad);
      const at::Tensor dense = at::matmul(x.scores().softmax(-1), x.values);
      const at::Tensor found = threshold(100, 8, 20)->attend(x, nullptr);
      CAPTURE(bad, which);
      CHECK(found.isnan().equal(dense.isnan()));
      CHECK(found.isinf().equal(dense.isinf()));
    }
}
