// What kinds are said to read and lose.
#include "bench/quality.h"

#include <cmath>

#include "bench/laws.h"
#include "bench/selector_fit.h"
#include "helpers/attention_kinds.h"
#include "helpers/libtorch.h"

using namespace ate;
using namespace ate::testing;

namespace {

Shape small_shape(int64_t length, int64_t keys, bool causal = true) {
  Shape s;
  s.length = length;
  s.heads = s.kv_heads = 2;
  s.width = 32;
  s.keys = keys;
  s.causal = causal;
  return s;
}

const Quality& quality_of(const std::vector<Quality>& all, const std::string& inputs,
                          const std::string& kind) {
  for (const Quality& quality : all)
    if (quality.inputs == inputs && quality.kind == kind) return quality;
  throw std::out_of_range(inputs + " " + kind);
}

}  // namespace

TEST_CASE("every kind is measured on every law, within what is promised", "[bench]") {
  for (const bool causal : {true, false}) {
    const std::vector<Quality> all = law_qualities(small_shape(256, 16, causal), {0.05, "", 20});
    for (const AttentionLaw& law : attention_laws())
      for (const AttentionKind kind : sparse_kinds()) {
        if (kind == AttentionKind::mlp_topk) continue;  // reads no key
        const Quality& q = quality_of(all, law.name, kind->name);
        CAPTURE(causal, law.name, kind->name);
        CHECK(q.queries == 2 * 256);
        CHECK((q.read > 0 && q.read <= 1 && q.read_p95 <= 1));
        CHECK((q.mass > 0 && q.mass <= 1 + 1e-12));
        CHECK(q.skipped_most <= 1);
        CHECK(q.skipped_p95 <= q.skipped_most);
        CHECK(q.error <= q.error_most);
        CHECK(q.error_most <= 2 * q.skipped_most + 1e-12);  // what the proof says of any choice
        if (kind == AttentionKind("certified")) {
          CHECK(q.above == 0);
          CHECK(q.bound_most <= 2 * 0.05);
        }
        if (kind == AttentionKind("certified") || kind == AttentionKind("threshold")) {
          CHECK(q.error <= q.bound + 1e-12);
          CHECK(q.error_most <= q.bound_most + 1e-12);
        } else {
          CHECK(std::isnan(q.bound));
          CHECK(q.mass <= quality_of(all, law.name, "oracle_topk").mass + 1e-9);
        }
      }
    // On keys in clusters a bound spares most of them, and a fitted selector finds more than the last keys hold.
    CHECK(quality_of(all, "clustered", "certified").read < 1);
    CHECK(quality_of(all, "clustered", "lowrank_topk").mass > quality_of(all, "clustered", "window").mass);
  }
}

TEST_CASE("a selector's fit lowers its loss", "[bench]") {
  at::manual_seed(1);
  Config config;
  config.body.heads = 2;
  config.body.width = 32;
  config.windows.length = 64;
  const HeadInputs x = with_mask(find_law("clustered")->draw(2, 64, 16, true), true);
  for (const char* kind : {"lowrank_topk", "indexer"}) {
    config.attention.kind = AttentionKind(kind);
    const auto loss = [&](int steps) {
      at::manual_seed(2);
      return selection_loss(x.scores().softmax(-1), fitted_attention(config, x, steps)->selector_scores(x))
          .item<double>();
    };
    CAPTURE(kind);
    CHECK(loss(100) < loss(0) - 0.05);
  }
}
