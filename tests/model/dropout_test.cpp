#include "model/dropout.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.h"
#include "helpers/statistics.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kDropoutKey = {0x12345678, 0x9abcdef0};

std::vector<float> mask(size_t size, double p, RandomKey key = kDropoutKey, uint32_t site = 2,
                        uint32_t step = 7) {
  std::vector<float> out(size, -1.0F);
  fill_dropout_mask(key, site, step, p, out);
  return out;
}

// The same, an element at a time.
std::vector<float> reference(size_t size, double p) {
  std::vector<float> out;
  const auto q = static_cast<uint32_t>(std::lround(p * 65536));
  for (size_t i = 0; i < size; ++i) {
    const auto block = random_block(kDropoutKey, Purpose::dropout, 2, 7, i / 8);
    const uint32_t word = block[i % 8 / 2];
    const uint32_t bits = i % 2 == 0 ? word & 0xffffU : word >> 16;
    out.push_back(bits < q ? 0.0F : static_cast<float>(65536.0 / (65536.0 - q)));
  }
  return out;
}

}  // namespace

TEST_CASE("a mask is the counted random bits against the probability, element by element", "[model]") {
  // Sizes around a block of 8 and around the 16 blocks that are made at a time.
  for (const size_t size : {0, 1, 7, 8, 9, 64, 127, 128, 129, 135, 136, 1000, 4096})
    for (const double p : {0.1, 0.5, 0.9}) {
      CAPTURE(size, p);
      CHECK(mask(size, p) == reference(size, p));
    }
}

TEST_CASE("a mask ends where its span ends", "[model]") {
  std::vector<float> out(200, -1.0F);
  fill_dropout_mask(kDropoutKey, 2, 7, 0.5, std::span(out).first(131));
  CHECK(std::vector<float>(out.begin(), out.begin() + 131) == mask(131, 0.5));
  CHECK(std::vector<float>(out.begin() + 131, out.end()) == std::vector<float>(69, -1.0F));
}

TEST_CASE("a mask is a pure function of key, site and step", "[model]") {
  CHECK(mask(256, 0.5) == mask(256, 0.5));
  const std::set<std::vector<float>> all = {mask(256, 0.5), mask(256, 0.5, {1, 0x9abcdef0}),
                                            mask(256, 0.5, {0x12345678, 1}), mask(256, 0.5, kDropoutKey, 3),
                                            mask(256, 0.5, kDropoutKey, 2, 8)};
  CHECK(all.size() == 5);
}

TEST_CASE("the share that is dropped is the probability, and the mean is 1", "[model]") {
  for (const double p : {0.1, 0.25, 0.5, 0.8}) {
    CAPTURE(p);
    const std::vector<float> m = mask(400'000, p);
    const auto dropped = static_cast<double>(std::count(m.begin(), m.end(), 0.0F)) / 400'000;
    CHECK(std::abs(dropped - p) < 4.5 * std::sqrt(p * (1 - p) / 400'000));
    CHECK(std::abs(moments_of(m).mean - 1) < 4.5 * std::sqrt(p / (1 - p) / 400'000));
  }
}

TEST_CASE("kept elements make up exactly for those that 16 bits drop", "[model]") {
  // .1 is 6554 of 65536 and not .1 exactly: the factor belongs to what is drawn.
  const std::vector<float> m = mask(1000, 0.1);
  for (const float x : m)
    if (x != 0) CHECK(x == static_cast<float>(65536.0 / (65536 - 6554)));
}

TEST_CASE("nothing is dropped at probability 0", "[model]") {
  CHECK(mask(500, 0) == std::vector<float>(500, 1.0F));
}
