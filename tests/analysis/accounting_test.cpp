// How terms add up to paths, layers and models.
#include "analysis/accounting.h"

#include <set>

#include "analysis/amdahl.h"
#include "analysis/complexity.h"
#include "analysis/memory.h"
#include "analysis/roofline.h"
#include "catch.h"

using namespace ate;

namespace {

Shape some_shape() {
  Shape s;
  s.length = 300;
  s.width = 512;
  s.heads = 8;
  s.kv_heads = 2;
  s.layers = 5;
  s.vocabulary = 1000;
  return s;
}

Count total(const Coverage& coverage, const Shape& s = some_shape()) {
  return cost(Accounting::corrected, s, coverage).full.total();
}

bool has_term(const PathCost& path, const std::string& name) {
  for (const Term& term : path.terms)
    if (term.name == name) return true;
  return false;
}

}  // namespace

TEST_CASE("forward and backward together are both", "[analysis]") {
  for (const Scope scope : {Scope::attention, Scope::layer, Scope::model})
    CHECK(total({Pass::both, scope}) == total({Pass::forward, scope}) + total({Pass::backward, scope}));
}

TEST_CASE("a model is its layers and the last linear map", "[analysis]") {
  const Shape s = some_shape();
  CHECK(total({Pass::forward, Scope::model}) ==
        5 * total({Pass::forward, Scope::layer}) + corrected::unembedding(s).forward);
  CHECK(total({Pass::forward, Scope::layer}) ==
        total({Pass::forward, Scope::attention}) + corrected::query_projection(s).forward +
            corrected::key_projection(s).forward + corrected::value_projection(s).forward +
            corrected::output_projection(s).forward + corrected::feed_forward(s).forward);
}

TEST_CASE("the sparse path reads no key and is spared its projection", "[analysis]") {
  const Cost both = cost(Accounting::corrected, some_shape(), {Pass::forward, Scope::layer});
  CHECK(has_term(both.full, "key_projection"));
  CHECK_FALSE(has_term(both.sparse, "key_projection"));
  CHECK(has_term(both.sparse, "value_projection"));
}

TEST_CASE("the authors' formulas take no notice of mask, pass or scope", "[analysis]") {
  for (const Accounting accounting : {Accounting::published, Accounting::detailed}) {
    Shape s = some_shape();
    const Cost plain = cost(accounting, s);
    s.causal = false;
    const Cost other = cost(accounting, s, {Pass::both, Scope::model});
    CHECK(plain.full.total() == other.full.total());
    CHECK(plain.sparse.total() == other.sparse.total());
  }
}

TEST_CASE("terms of a path have names of their own", "[analysis]") {
  for (const Accounting accounting : kAccountings) {
    const Cost both = cost(accounting, some_shape(), {Pass::forward, Scope::model});
    for (const PathCost* path : {&both.full, &both.sparse}) {
      std::set<std::string> names;
      for (const Term& term : path->terms) names.insert(term.name);
      CHECK(names.size() == path->terms.size());
    }
  }
}

TEST_CASE("Amdahl: the limit is what is left without attention", "[analysis]") {
  const Shape s = some_shape();
  const Count layer = total({Pass::forward, Scope::layer});
  const Count attention = total({Pass::forward, Scope::attention});
  const Amdahl a = amdahl(s, Scope::layer);
  CHECK(a.attention_share == Approx(ratio(attention, layer)));
  CHECK(a.limit == Approx(1 / (1 - a.attention_share)));
  CHECK(whole_speedup(a, 1) == Approx(1));
  CHECK(whole_speedup(a, 1e15) == Approx(a.limit));
  CHECK(whole_speedup(a, 2) < 2);
  CHECK(amdahl(s, Scope::model).limit < a.limit);  // the last map is more that stays
}

TEST_CASE("the exponent of a power of T is that power", "[analysis]") {
  std::vector<CostPoint> points;
  for (const double t : {3.0, 10.0, 50.0, 1000.0}) points.push_back({t, 7 * t * t * t});
  CHECK(fit_exponent(points) == Approx(3));
  CHECK(std::isnan(fit_exponent({{5, 1}})));
  CHECK(std::isnan(fit_exponent({{5, 1}, {5, 2}})));
  CHECK(std::isnan(fit_exponent({})));
}

TEST_CASE("the sparse path stays quadratic in T by every accounting", "[analysis]") {
  const int64_t far = int64_t{1} << 34;
  for (const Accounting accounting : kAccountings) {
    const Exponents p = counted_exponents(accounting, some_shape(), {}, far, 64 * far);
    CHECK(p.full == Approx(2).margin(0.001));
    CHECK(p.sparse == Approx(2).margin(0.001));
  }
}

TEST_CASE("fused attention needs no memory that grows with T squared", "[analysis]") {
  Shape s = some_shape();
  const Count once = memory::fused_peak(s, 4);
  const Count naive = memory::naive_peak(s, 4);
  s.length *= 2;
  CHECK(memory::fused_peak(s, 4) == 2 * once);
  CHECK(memory::naive_peak(s, 4) > 3 * naive);
  CHECK(memory::selector_outputs(s, 4) == memory::scores(s, 4));
}

TEST_CASE("roofline: bound by memory below the ridge, by arithmetic from it on", "[analysis]") {
  const Device device = {"x", "x", 100, 200, 10, ""};
  const RooflinePoint low = place({"", 50, 10}, device, 4);
  CHECK(low.intensity == 5);
  CHECK(low.ridge == 10);
  CHECK_FALSE(low.compute_bound());
  CHECK(low.attainable == 50);
  CHECK(low.seconds == 1);
  const RooflinePoint high = place({"", 400, 10}, device, 4);
  CHECK(high.compute_bound());
  CHECK(high.attainable == 100);
  CHECK(high.seconds == 4);
  CHECK(place({"", 400, 10}, device, 2).ridge == 20);
}

TEST_CASE("roofline: a fused path has more operations per byte than a naive one", "[analysis]") {
  const std::vector<Work> works = attention_work(some_shape(), 4);
  REQUIRE(works.size() == 3);
  CHECK(works[0].flops == works[1].flops);
  CHECK(works[0].bytes > works[1].bytes);
  for (const Device& device : data_sheet_devices()) {
    CHECK(device.bf16_flops > device.fp32_flops);
    CHECK_FALSE(device.source.empty());
  }
}
