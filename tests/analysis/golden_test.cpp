// The numbers that the original report prints, and the true ones beside the wrong ones.
#include <fmt/format.h>

#include "analysis/accounting.h"
#include "analysis/amdahl.h"
#include "analysis/crossover.h"
#include "analysis/gpt4.h"
#include "analysis/memory.h"
#include "catch.h"

using namespace ate;

namespace {

Shape shape_of(int64_t width, int64_t length) {
  Shape s;
  s.width = width;
  s.length = length;
  s.heads = s.kv_heads = width / 64;
  return s;
}

std::string millions(const Count& count) { return fmt::format("{:.1f}", to_double(count) / 1e6); }

struct Row {
  int64_t width, length;
  const char* full;
  const char* sparse;
  const char* ratio;
};

}  // namespace

TEST_CASE("published: every row of the original report's table, and a true 2048", "[analysis]") {
  const Row rows[] = {{128, 64, "1.0", "5.8", "0.18"},          {256, 128, "8.4", "12.6", "0.67"},
                      {512, 256, "67.1", "29.4", "2.29"},       {768, 512, "402.7", "75.5", "5.33"},
                      {1024, 1024, "2147.5", "218.1", "9.85"},  {1280, 2048, "10737.4", "704.6", "15.24"},
                      {2048, 2048, "17179.9", "704.6", "24.38"}};
  for (const Row& row : rows) {
    const Cost both = cost(Accounting::published, shape_of(row.width, row.length));
    CAPTURE(row.width, row.length);
    CHECK(millions(both.full.total()) == row.full);
    CHECK(millions(both.sparse.total()) == row.sparse);
    CHECK(fmt::format("{:.2f}", both.ratio()) == row.ratio);
  }
}

TEST_CASE("detailed: every row of the longer formula", "[analysis]") {
  const Row rows[] = {
      {128, 64, "5.3", "10.0", "0.525"},           {256, 128, "42.1", "46.6", "0.904"},
      {512, 256, "337.1", "299.9", "1.124"},       {768, 512, "1620.0", "1290.1", "1.256"},
      {1024, 1024, "6492.8", "4532.3", "1.433"},   {1280, 2048, "24410.8", "14179.8", "1.722"},
      {2048, 4096, "139049.6", "71385.9", "1.948"}};
  for (const Row& row : rows) {
    const Cost both = cost(Accounting::detailed, shape_of(row.width, row.length));
    CAPTURE(row.width, row.length);
    CHECK(millions(both.full.total()) == row.full);
    CHECK(millions(both.sparse.total()) == row.sparse);
    CHECK(fmt::format("{:.3f}", both.ratio()) == row.ratio);
  }
}

TEST_CASE("detailed: scanned as the authors did, it crosses over at d 256, T 256", "[analysis]") {
  const std::optional<Shape> first = scan_growing_shapes(Accounting::detailed, Shape{});
  REQUIRE(first);
  CHECK(first->width == 256);
  CHECK(first->length == 256);
  CHECK(fmt::format("{:.4f}", cost(Accounting::detailed, *first).ratio()) == "1.0408");
}

TEST_CASE("memory: the original report's bytes", "[analysis]") {
  struct MemoryRow {
    int64_t size;
    const char* full;
    const char* sparse;
    double reduction;
  };
  for (const MemoryRow& row : {MemoryRow{512, "67.1", "4.2", 16}, MemoryRow{1024, "536.9", "16.8", 32},
                               MemoryRow{2048, "4295.0", "67.1", 64}}) {
    Shape s = shape_of(row.size, row.size);
    s.batch = 8;
    s.keys = std::min<int64_t>(32, s.length / 8);
    CAPTURE(row.size);
    CHECK(millions(memory::scores(s, 4)) == row.full);
    CHECK(millions(memory::selected_scores(s, 4)) == row.sparse);
    CHECK(ratio(memory::scores(s, 4), memory::selected_scores(s, 4)) == row.reduction);
  }
}

TEST_CASE("gpt4: the block, exactly", "[analysis]") {
  const Shape s = gpt4::shape_at({}, 8192, "");
  CHECK(s.keys == 32);
  CHECK(gpt4::full(s).str() == "2111062325329920");
  CHECK(gpt4::sparse(s).str() == "4252017623040");
  CHECK(fmt::format("{:.2f}", ratio(gpt4::full(s), gpt4::sparse(s))) == "496.48");
  const Shape far = gpt4::shape_at({}, 128000, "");
  CHECK(gpt4::full(far).str() == "515396075520000000");
  CHECK(gpt4::sparse(far).str() == "66437775360000");
  CHECK(fmt::format("{:.2f}", ratio(gpt4::full(far), gpt4::sparse(far))) == "7757.58");
}

TEST_CASE("gpt4: ten million tokens pass 63 and 64 bits and stay exact", "[analysis]") {
  const Shape s = gpt4::shape_at({}, 10'000'000, "");
  CHECK(gpt4::full(s).str() == "3145728000000000000000");  // 2 * 8 * 128 * 10^14 * 128 * 120
  CHECK(gpt4::sparse(s).str() == "5190451200000000");
}

TEST_CASE("gpt4: score memory", "[analysis]") {
  const auto gigabytes = [](const Count& bytes) { return fmt::format("{:.2f}", to_double(bytes) / 1e9); };
  const Shape s = gpt4::shape_at({}, 8192, "");
  CHECK(gigabytes(memory::scores(s, 4)) == "274.88");
  CHECK(gigabytes(memory::selected_scores(s, 4)) == "1.07");
  const Shape far = gpt4::shape_at({}, 128000, "");
  CHECK(gigabytes(memory::scores(far, 4)) == "67108.86");
  CHECK(gigabytes(memory::selected_scores(far, 4)) == "16.78");
}

TEST_CASE("gpt4: what free attention would do for a layer", "[analysis]") {
  Shape s = gpt4::shape_at({}, 8192, "");
  CHECK(fmt::format("{:.2f}", amdahl(s, Scope::layer).limit) == "1.08");
  s.causal = true;
  CHECK(fmt::format("{:.2f}", amdahl(s, Scope::layer).limit) == "1.04");
  Shape far = gpt4::shape_at({}, 128000, "");
  CHECK(fmt::format("{:.1f}", amdahl(far, Scope::layer).limit) == "2.3");
}
