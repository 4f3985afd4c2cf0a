// One query against a cache: every path is the last row of attention over all positions.
#include "bench/decode.h"

#include <ATen/ATen.h>

#include "bench/attention.h"
#include "bench/report.h"
#include "helpers/libtorch.h"

using namespace ate;

namespace {

Shape decoded_shape(int64_t length, int64_t kv_heads, int64_t keys) {
  Shape s;
  s.length = length;
  s.heads = 4;
  s.kv_heads = kv_heads;
  s.width = 64;
  s.keys = keys;
  s.batch = 2;
  return s;
}

// Queries of all positions, and of the last alone.
std::pair<AttentionInputs, AttentionInputs> whole_and_last(const Shape& s) {
  at::manual_seed(1);
  const auto draw = [&](int64_t heads) { return at::randn({s.batch, heads, s.length, s.head_size()}); };
  AttentionInputs whole = {draw(s.heads), draw(s.kv_heads), draw(s.kv_heads), {}};
  whole.hidden = at::ones({s.length, s.length}, at::kBool).triu_(1);
  return {whole, {whole.queries.narrow(2, s.length - 1, 1).contiguous(), whole.keys, whole.values, {}}};
}

at::Tensor last_row(const Shape& s, const AttentionInputs& whole, const std::string& name) {
  for (const AttentionPath& path : attention_paths(s, whole))
    if (path.name == name) return path.build()(whole).narrow(2, s.length - 1, 1);
  throw std::out_of_range(name);
}

}  // namespace

TEST_CASE("a decoded query reads what the last of all queries does", "[bench]") {
  for (const int64_t length : {1, 19, 20, 21})
    for (const int64_t kv_heads : {4, 2})
      for (const int64_t keys : {1, 8, 21}) {
        const Shape s = decoded_shape(length, kv_heads, std::min(keys, length));
        const auto [whole, last] = whole_and_last(s);
        size_t dense = 0;
        for (const AttentionPath& path : decode_paths(s, last)) {
          CAPTURE(length, kv_heads, keys, path.name);
          const AttentionPath::Run run = path.build();
          const at::Tensor expected = last_row(s, whole, path.dense ? "dense naive" : path.name);
          CHECK(at::allclose(run(last), expected, 1e-4, 1e-5));
          CHECK(at::allclose(run(last), expected, 1e-4, 1e-5));  // with what the first run kept
          dense += path.dense ? 1 : 0;
        }
        CHECK(dense >= 2);
      }
}

TEST_CASE("decoding is timed beside LibTorch's fastest dense path", "[bench]") {
  MeasureOptions options{"cpu", 4, 2};
  options.decode = true;
  const MeasuredShape measured = measure_attention(decoded_shape(256, 4, 16), options);
  REQUIRE(measured.fastest_dense() != nullptr);
  for (const AttentionTiming& timing : measured.timings) {
    CAPTURE(timing.path, timing.reason);
    CHECK(timing.reason.empty());
    CHECK(timing.seconds.size() >= 2);
  }
  CHECK(predicted_speedup(*measured.find("sparse window")) == Approx(16));
  const Table table = measured_rows({measured});
  CHECK(table.title.find("decode") != std::string::npos);
}
