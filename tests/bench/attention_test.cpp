// What is timed does what it says, and takes the memory that the formulas say.
#include "bench/attention.h"

#include <algorithm>
#include <cmath>

#include "analysis/memory.h"
#include "bench/paths.h"
#include "bench/peak_memory.h"
#include "bench/report.h"
#include "helpers/libtorch.h"
#include "run/environment.h"
#include "support/error.h"

using namespace ate;

namespace {

Shape shape_of(int64_t length, int64_t heads, int64_t kv_heads, bool causal) {
  Shape s;
  s.length = length;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.width = 16 * heads;
  s.keys = 3;
  s.hidden = 8;
  s.batch = 2;
  s.causal = causal;
  return s;
}

AttentionInputs inputs_of(const Shape& s) {
  at::manual_seed(1);
  const auto draw = [&](int64_t heads) { return at::randn({s.batch, heads, s.length, s.head_size()}); };
  AttentionInputs x = {draw(s.heads), draw(s.kv_heads), draw(s.kv_heads), {}};
  if (s.causal) x.hidden = at::ones({s.length, s.length}, at::kBool).triu_(1);
  return x;
}

const AttentionPath& path_named(const std::vector<AttentionPath>& paths, const std::string& name) {
  const auto it =
      std::find_if(paths.begin(), paths.end(), [&](const AttentionPath& p) { return p.name == name; });
  REQUIRE(it != paths.end());
  return *it;
}

}  // namespace

TEST_CASE("every dense path computes the same attention", "[bench]") {
  for (const bool causal : {false, true})
    for (const int64_t kv_heads : {4, 2, 1}) {
      const Shape s = shape_of(20, 4, kv_heads, causal);
      const AttentionInputs x = inputs_of(s);
      const std::vector<AttentionPath> paths = attention_paths(s, x);
      const at::Tensor expected = path_named(paths, "dense naive").build()(x);
      for (const AttentionPath& path : paths) {
        if (!path.dense) continue;
        CAPTURE(path.name, causal, kv_heads);
        CHECK(at::allclose(path.build()(x), expected, 1e-4, 1e-5));
      }
    }
}

TEST_CASE("sparse kinds that read every key compute dense attention", "[bench]") {
  for (const bool causal : {false, true})
    for (const int64_t kv_heads : {4, 2}) {
      Shape s = shape_of(20, 4, kv_heads, causal);
      s.keys = s.length;
      const AttentionInputs x = inputs_of(s);
      const std::vector<AttentionPath> paths = attention_paths(s, x);
      const at::Tensor expected = path_named(paths, "dense naive").build()(x);
      for (const char* kind :
           {"oracle_topk", "window", "lowrank_topk", "block_topk", "certified", "threshold", "indexer"}) {
        CAPTURE(kind, causal, kv_heads);
        CHECK(
            at::allclose(path_named(paths, std::string("sparse ") + kind).build()(x), expected, 1e-4, 1e-5));
      }
    }
}

TEST_CASE("every sparse kind is timed, takes no more memory than was reckoned, and has a predicted ratio",
          "[bench]") {
  const Shape s = shape_of(256, 4, 4, true);
  const std::vector<AttentionPath> paths = attention_paths(s, inputs_of(s));
  const MeasuredShape measured = measure_attention(s, {"cpu", 4, 1});
  for (const char* kind :
       {"oracle_topk", "window", "lowrank_topk", "block_topk", "certified", "threshold", "indexer"}) {
    const std::string name = std::string("sparse ") + kind;
    CAPTURE(name);
    const AttentionTiming* timing = measured.find(name);
    REQUIRE(timing != nullptr);
    CHECK(!timing->seconds.empty());
    CHECK(timing->peak_bytes > 0);
    CHECK(static_cast<double>(timing->peak_bytes) <= to_double(path_named(paths, name).needed_bytes));
    CHECK(predicted_speedup(*timing) > 0);
  }
  // Window: 4 T hd against 4 k hd, as model/flops.h counts.
  CHECK(predicted_speedup(*measured.find("sparse window")) ==
        Approx(static_cast<double>(s.length) / static_cast<double>(s.keys)));
}

TEST_CASE("LibTorch has a fused backend on the CPU, and choosing one leaves its settings alone", "[bench]") {
  const Shape s = shape_of(20, 4, 4, true);
  const AttentionInputs x = inputs_of(s);
  const bool flash = at::globalContext().userEnabledFlashSDP();
  const bool math = at::globalContext().userEnabledMathSDP();
  const std::vector<AttentionPath> paths = attention_paths(s, x);
  (void)path_named(paths, "dense flash").build()(x);
  CHECK(at::globalContext().userEnabledFlashSDP() == flash);
  CHECK(at::globalContext().userEnabledMathSDP() == math);
}

TEST_CASE("the sparse head never looks ahead", "[bench]") {
  const Shape s = shape_of(12, 2, 2, true);
  AttentionInputs x = inputs_of(s);
  const AttentionPath::Run attention = path_named(attention_paths(s, x), "sparse mlp_topk").build();
  const at::Tensor before = attention(x);
  const int64_t changed = 7;
  x.queries.select(2, changed).add_(1);
  x.values.select(2, changed).add_(1);
  const at::Tensor after = attention(x);
  CHECK(at::equal(after.narrow(2, 0, changed), before.narrow(2, 0, changed)));
  CHECK_FALSE(at::equal(after.select(2, changed), before.select(2, changed)));
}

TEST_CASE("the sparse head's output depends on k values of each query", "[bench]") {
  const Shape s = shape_of(12, 2, 2, false);
  AttentionInputs x = inputs_of(s);
  const AttentionPath::Run attention = path_named(attention_paths(s, x), "sparse mlp_topk").build();
  x.values.requires_grad_(true);
  attention(x).select(2, 5).sum().backward();
  const at::Tensor used = x.values.grad().abs().sum(3).gt(0).sum(2);  // positions, for each sequence and head
  CHECK(used.le(s.keys).all().item<bool>());
  CHECK(used.ge(1).all().item<bool>());
}

TEST_CASE("arrays are counted while they live", "[bench]") {
  const PeakMemory peak;
  CHECK(peak.bytes() == 0);
  {
    const at::Tensor first = at::zeros({1000});
    const at::Tensor second = at::zeros({500});
    CHECK(peak.bytes() == 6000);
  }
  const at::Tensor third = at::zeros({100});
  CHECK(peak.bytes() == 6000);
}

TEST_CASE("an array may outlive the count", "[bench]") {
  at::Tensor kept;
  {
    const PeakMemory peak;
    kept = at::ones({1000});
  }
  CHECK(kept.sum().item<double>() == 1000);
  kept.reset();
}

TEST_CASE("the paths' peaks are those of the formulas", "[bench]") {
  Shape s;
  s.length = 256;
  s.width = 256;
  s.heads = s.kv_heads = 4;
  s.batch = 2;
  const MeasuredShape measured = measure_attention(s, {"cpu", 4, 1});
  const auto peak_of = [&](const char* path) {
    REQUIRE(measured.find(path) != nullptr);
    return static_cast<double>(measured.find(path)->peak_bytes);
  };
  CHECK(peak_of("dense naive") == Approx(to_double(memory::naive_peak(s, 4))).epsilon(0.02));
  CHECK(peak_of("sparse mlp_topk") >= 0.99 * to_double(memory::sparse_peak(s, 4)));
  CHECK(peak_of("sparse mlp_topk") <= 2 * to_double(memory::sparse_peak(s, 4)));
  // A fused kernel's scratch is its own business: it takes more than the formula's least, but no T^2 array.
  CHECK(peak_of("dense flash") >= 0.99 * to_double(memory::fused_peak(s, 4)));
  CHECK(peak_of("dense flash") < to_double(memory::fused_peak(s, 4) + memory::scores(s, 4)));
}

TEST_CASE("a measurement has every path with as many runs as asked for", "[bench]") {
  Shape s = shape_of(64, 4, 4, true);
  const MeasuredShape measured = measure_attention(s, {"cpu", 4, 3});
  CHECK(measured.timings.size() >= 4);
  for (const AttentionTiming& timing : measured.timings) {
    CAPTURE(timing.path);
    CHECK(timing.reason.empty());
    CHECK(timing.seconds.size() >= 3);
    CHECK(timing.least() > 0);
    CHECK(timing.least() <= timing.median());
    CHECK(timing.median() <= timing.most());
  }
  REQUIRE(measured.fastest_dense() != nullptr);
  CHECK(measured.fastest_dense()->dense);
  CHECK_FALSE(measured.fastest_dense()->own);  // LibTorch's
  REQUIRE(measured.own_dense() != nullptr);
  CHECK(measured.own_dense()->path == "dense flash, ate");
  REQUIRE(measured.find("sparse mlp_topk, one head") != nullptr);
  const double all = predicted_speedup(*measured.find("sparse mlp_topk"));
  CHECK(predicted_speedup(*measured.find("sparse mlp_topk, one head")) == Approx(4 * all));
}

TEST_CASE("gradients are timed by themselves", "[bench]") {
  MeasureOptions options{"cpu", 4, 2};
  options.backward = true;
  const Shape s = shape_of(160, 4, 2, true);  // long enough for sparse kinds on the flash kernels
  const MeasuredShape measured = measure_attention(s, options);
  CHECK(measured.backward);  // the inputs had gradients
  for (const AttentionTiming& timing : measured.timings) {
    CAPTURE(timing.path, timing.reason);
    CHECK(timing.reason.empty());
    CHECK(timing.seconds.size() >= 2);
    CHECK(timing.least() > 0);
  }
  const Table table = measured_rows({measured});
  CHECK(table.title.find("backward") != std::string::npos);
}

TEST_CASE("a shape that does not fit is told, and what fits runs", "[bench]") {
  Shape s;
  s.length = 1 << 20;  // one T x T array of scores takes 4 TiB; queries to outputs 256 MiB
  s.width = 16;
  s.heads = s.kv_heads = 1;
  s.batch = 1 << 20;
  const MeasuredShape measured = measure_attention(s, {"cpu", 4, 1});
  for (const AttentionTiming& timing : measured.timings) {
    CAPTURE(timing.path);
    CHECK(timing.reason.find("does not fit: needs ") == 0);
    CHECK(timing.seconds.empty());
    CHECK(std::isnan(timing.median()));
  }
  CHECK(measured.fastest_dense() == nullptr);
  const Table table = measured_rows({measured});
  CHECK(table.rows.size() == measured.timings.size());
}

TEST_CASE("the naive and sparse paths may not fit where the fused one does", "[bench]") {
  Shape s;
  s.length = 4096;
  s.width = 64;
  s.heads = s.kv_heads = 1;
  // As many sequences as make the scores pass this machine's memory, and the inputs a sixteenth of it.
  s.batch = 2 * available_memory() / (4 * s.length * s.length) + 1;
  const AttentionInputs sample = inputs_of(shape_of(20, 1, 1, true));
  const double free = static_cast<double>(available_memory());
  for (const AttentionPath& path : attention_paths(s, sample, /*other_kinds=*/false)) {
    CAPTURE(path.name);
    CHECK((to_double(path.needed_bytes) < free) == path.fused);
  }
}

TEST_CASE("a device that is not there is refused", "[bench]") {
  CHECK_THROWS_AS(measure_attention(shape_of(8, 1, 1, true), {"cuda:99", 4, 1}), BadInput);
}
