// certified: its bound against attention over all keys, summed up in double, and its choice against the plain greedy one.
#include "model/attention/certified.h"

#include <cmath>
#include <set>
#include <vector>

#include "catch.h"
#include "helpers/attention_kinds.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

// One head over one window.
HeadInputs head_of(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, bool causal) {
  const auto split = [](const at::Tensor& x) { return x.unsqueeze(0).unsqueeze(0); };
  HeadInputs x{split(queries), split(keys), split(values), {}, 1 / std::sqrt(double(queries.size(1)))};
  if (causal) x.mask = at::full({queries.size(0), queries.size(0)}, -INFINITY, queries.options()).triu_(1);
  return x;
}

// Keys in runs of `run` positions that share a centre; each query is `sharpness` times the key of an earlier position.
HeadInputs clustered(int64_t length, int64_t run, double sharpness, bool causal, at::ScalarType type) {
  const auto options = at::TensorOptions(at::kDouble);
  const int64_t width = 16;
  const at::Tensor centres =
      at::randn({(length + run - 1) / run, width}, options).repeat_interleave(run, 0).narrow(0, 0, length);
  const at::Tensor keys = centres + 0.2 * at::randn({length, width}, options);
  const at::Tensor target = (at::rand({length}, options) * at::arange(1, length + 1, options)).to(at::kLong);
  const at::Tensor queries = sharpness * keys.index_select(0, target);
  return head_of(queries.to(type), keys.to(type), at::randn({length, width}, options).to(type), causal);
}

struct Exact {
  std::vector<double> skipped;  // share of the attention on keys that are not read
  std::vector<double> error;    // |o - o'| / max |v|
};

double dot(const at::TensorAccessor<double, 2>& a, int64_t i, const at::TensorAccessor<double, 2>& b,
           int64_t j) {
  double sum = 0;
  for (int64_t d = 0; d < a.size(1); ++d) sum += a[i][d] * b[j][d];
  return sum;
}

Exact by_sums(const HeadInputs& x, const at::Tensor& kept, int64_t block) {
  const at::Tensor queries = x.queries[0][0].to(at::kDouble), keys = x.keys[0][0].to(at::kDouble),
                   values = x.values[0][0].to(at::kDouble);
  const auto q = queries.accessor<double, 2>(), k = keys.accessor<double, 2>(),
             v = values.accessor<double, 2>();
  const at::Tensor blocks = kept[0][0].contiguous();
  const auto read = blocks.accessor<bool, 2>();
  Exact out;
  for (int64_t t = 0; t < q.size(0); ++t) {
    const int64_t visible = x.is_causal() ? t + 1 : q.size(0);
    std::vector<double> scores;
    double top = -INFINITY, longest = 0;
    for (int64_t i = 0; i < visible; ++i) {
      scores.push_back(x.scale * dot(q, t, k, i));
      top = std::max(top, scores.back());
      longest = std::max(longest, std::sqrt(dot(v, i, v, i)));
    }
    double all = 0, some = 0;
    std::vector<double> difference(size_t(v.size(1)));
    for (int64_t i = 0; i < visible; ++i) {
      const double weight = std::exp(scores[size_t(i)] - top);
      all += weight;
      if (read[t][i / block]) some += weight;
    }
    for (int64_t i = 0; i < visible; ++i)
      for (int64_t d = 0; d < v.size(1); ++d) {
        const double weight = std::exp(scores[size_t(i)] - top);
        difference[size_t(d)] += weight * v[i][d] / all;
        if (read[t][i / block]) difference[size_t(d)] -= weight * v[i][d] / some;
      }
    double squares = 0;
    for (const double y : difference) squares += y * y;
    out.skipped.push_back(1 - some / all);
    out.error.push_back(longest > 0 ? std::sqrt(squares) / longest : 0);
  }
  return out;
}

// The share of keys that were not read.
double check(const HeadInputs& x, int64_t block, double epsilon) {
  const Certificate found = certify(x, x.scores(), {block, 1, epsilon});
  const Exact exact = by_sums(x, found.kept, block);
  const at::Tensor share = found.share[0][0].to(at::kDouble).contiguous();
  for (size_t t = 0; t < exact.error.size(); ++t) {
    const double bound = share.const_data_ptr<double>()[t];
    CAPTURE(t, block, epsilon, bound, exact.skipped[t], exact.error[t]);
    REQUIRE(bound <= epsilon);
    REQUIRE(exact.skipped[t] <= bound + 1e-14);
    REQUIRE(exact.error[t] <= 2 * bound + 1e-14);
  }
  return 1 - found.kept.to(at::kDouble).mean().item<double>();
}

}  // namespace

TEST_CASE("the certified share is above the skipped one, and twice it above the error", "[model]") {
  at::manual_seed(1);
  double skipped = 0;
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const bool causal : {true, false}) {
      for (const int64_t length : {1, 63, 65, 1000})
        for (const double epsilon : {1e-6, 0.01, 0.5})
          skipped = std::max(skipped, check(clustered(length, 8, 8, causal, type), 8, epsilon));
      for (const double size : {0.0, 1e-3, 1.0, 30.0, 1e4, 1e9}) {
        const at::Tensor x = size * at::randn({3, 130, 8}, type);
        CAPTURE(size);
        check(head_of(x[0], x[1], x[2], causal), 16, 0.1);
      }
    }
  CHECK(skipped > 0.5);  // else nothing was tested
}

TEST_CASE("a bound without slack holds: equal keys, and keys on the ball's rim", "[model]") {
  at::manual_seed(2);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    // Two places, blocks of one place: every radius is 0, so the bound on the skipped share is that share.
    const at::Tensor place = at::randn({2, 8}, type);
    const at::Tensor keys = at::cat({place[0].expand({48, 8}), place[1].expand({80, 8})});
    const at::Tensor queries =
        at::linspace(0, 20, 128, at::TensorOptions(type)).unsqueeze(1) * (place[0] - place[1]);
    CHECK(check(head_of(queries, keys, at::randn({128, 8}, type), false), 16, 0.05) > 0);
    // Every query looks along the one key that is furthest from its block's mean.
    at::Tensor rim = at::zeros({128, 8}, type);
    for (int64_t b = 1; b < 8; ++b) rim[b * 16][b] = 4.0;
    const at::Tensor looks = at::eye(8, at::TensorOptions(type)).repeat({16, 1}) * 12;
    check(head_of(looks, rim, at::randn({128, 8}, type), false), 16, 0.05);
  }
}

TEST_CASE("certified reads what a greedy choice needs, and no more", "[model]") {
  at::manual_seed(3);
  const int64_t block = 8, least = 3;
  const double epsilon = 0.02;
  const HeadInputs x = clustered(200, 8, 6, true, at::kDouble);
  const at::Tensor kept = certify(x, x.scores(), {block, least, epsilon}).kept[0][0];
  const at::Tensor queries = x.queries[0][0].contiguous(), keys = x.keys[0][0].contiguous();
  const auto q = queries.accessor<double, 2>();
  for (int64_t t = 0; t < 200; ++t) {
    const int64_t own = t / block;
    std::vector<std::pair<double, int64_t>> others;  // the negative of a block's greatest sum, and the block
    double read = 0, left = 0;
    const auto sum_of = [&](int64_t b) {
      return at::matmul(keys.narrow(0, b * block, std::min(block, t + 1 - b * block)), queries[t])
          .mul(x.scale)
          .exp()
          .sum()
          .item<double>();
    };
    for (int64_t b = 0; b <= own; ++b) {
      if (b == 0 || b == own) {
        read += sum_of(b);
        continue;
      }
      const at::Tensor part = keys.narrow(0, b * block, block);
      const at::Tensor centre = part.mean(0);
      const double radius = (part - centre).norm(2, -1).max().item<double>();
      const double most = (centre * queries[t]).sum().item<double>() + std::sqrt(dot(q, t, q, t)) * radius;
      others.emplace_back(-double(block) * std::exp(x.scale * most), b);
      left -= others.back().first;
    }
    std::sort(others.begin(), others.end());
    std::set<int64_t> expected = {0, own};
    for (const auto& [most, b] : others) {
      if (std::ssize(expected) >= least && left / (left + read) <= epsilon) break;
      expected.insert(b);
      left += most;
      read += sum_of(b);
    }
    std::set<int64_t> found;
    for (int64_t b = 0; b < kept.size(1); ++b)
      if (kept[t][b].item<bool>()) found.insert(b);
    CAPTURE(t);
    CHECK(found == expected);
  }
}

TEST_CASE("certified is dense attention where epsilon is tiny or k is the window", "[model]") {
  at::manual_seed(4);
  for (const bool causal : {true, false}) {
    const HeadInputs x = clustered(65, 8, 4, causal, at::kDouble);
    const at::Tensor dense = at::matmul(x.scores().softmax(-1), x.values);
    Config config;
    config.windows.length = 65;
    config.attention.kind = AttentionKind("certified");
    const auto outputs = [&] { return config.attention.kind->make(config, {})->attend(x, nullptr); };
    config.attention.own.set("epsilon", 1e-12);
    CHECK(largest_difference(outputs(), dense) < 1e-11);
    config.attention.own.set("epsilon", 0.9);
    CHECK(largest_difference(outputs(), dense) > 1e-3);
    for (const int64_t k : {65, 100000}) {  // settings refuse a k above the window, calls may have it
      config.attention.k = k;
      CHECK(at::equal(outputs(), dense));
    }
  }
}

TEST_CASE("numbers that are not finite come out of certified as of dense attention", "[model]") {
  at::manual_seed(5);
  Config config;
  config.windows.length = 100;
  config.attention.kind = AttentionKind("certified");
  config.attention.own.set("block", int64_t{8});
  const auto attention = config.attention.kind->make(config, {});
  for (const double bad : {double(INFINITY), -double(INFINITY), double(NAN)})
    for (const bool causal : {true, false})
      for (const int which : {0, 1, 2}) {
        HeadInputs x = clustered(100, 8, 12, causal, at::kFloat);
        (which == 0 ? x.queries : which == 1 ? x.keys : x.values).select(2, 40).fill_(bad);
        // Of the queries that may read it: an added mask does not hide an infinite score from the others.
        const auto seen = [&](const at::Tensor& y) { return causal ? y.narrow(2, 40, 60) : y; };
        const at::Tensor dense = seen(at::matmul(x.scores().softmax(-1), x.values));
        const at::Tensor found = seen(attention->attend(x, nullptr));
        CAPTURE(bad, causal, which);
        CHECK(found.isnan().equal(dense.isnan()));
        CHECK(found.isinf().equal(dense.isinf()));
        CHECK((found - dense).nan_to_num(0, 0, 0).norm(2, -1).max().item<double>() <
              0.02 * x.values.nan_to_num(0, 0, 0).norm(2, -1).max().item<double>() + 1e-4);
      }
}
