#include "random/counter.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "helpers/statistics.h"

using namespace ate;
using namespace ate::testing;

using Block = std::array<uint32_t, 4>;

TEST_CASE("blocks are Philox4x32-10, by the known answers of its authors", "[random]") {
  // Random123's kat_vectors: counter words 0 to 3, key words 0 and 1, answer. Word 3 of ours is purpose and
  // site.
  const RandomKey zero = {0, 0};
  CHECK(random_block(zero, static_cast<Purpose>(0), 0, 0, 0) ==
        Block{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U});
  const RandomKey ones = {0xffffffffU, 0xffffffffU};
  CHECK(random_block(ones, static_cast<Purpose>(0xff), 0xffffffU, 0xffffffffU, 0xffffffffffffffffU) ==
        Block{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU});
  const RandomKey pi = {0xa4093822U, 0x299f31d0U};
  CHECK(random_block(pi, static_cast<Purpose>(0x03), 0x707344U, 0x13198a2eU, 0x85a308d3243f6a88U) ==
        Block{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U});
}

TEST_CASE("a change of any part of the address gives another block", "[random]") {
  const Purpose purposes[] = {Purpose::corpus,  Purpose::window, Purpose::evaluation, Purpose::init,
                              Purpose::dropout, Purpose::canary, Purpose::placebo};
  std::set<Block> blocks;
  for (const uint32_t seed : {0U, 1U, 0x80000000U})
    for (const uint32_t stream : {0U, 1U})
      for (const Purpose purpose : purposes)
        for (const uint32_t site : {0U, 1U, 0xffffffU})
          for (const uint32_t step : {0U, 1U, 0x10000U})
            for (const uint64_t index : {0ULL, 1ULL, 1ULL << 32})
              blocks.insert(random_block({seed, stream}, purpose, site, step, index));
  CHECK(blocks.size() == 3 * 2 * std::size(purposes) * 3 * 3 * 3);
}

TEST_CASE("no site reaches into another purpose", "[random]") {
  // Only 24 bits of the site count, so the purpose's byte is its own.
  const RandomKey key = {7, 0};
  CHECK(random_block(key, Purpose::corpus, 1U << 24, 0, 0) == random_block(key, Purpose::corpus, 0, 0, 0));
  CHECK(random_block(key, Purpose::corpus, 1U << 24, 0, 0) != random_block(key, Purpose::window, 0, 0, 0));
}

TEST_CASE("the numbers of the purposes never change: they are part of every result", "[random]") {
  CHECK(static_cast<uint32_t>(Purpose::corpus) == 1);
  CHECK(static_cast<uint32_t>(Purpose::window) == 2);
  CHECK(static_cast<uint32_t>(Purpose::evaluation) == 3);
  CHECK(static_cast<uint32_t>(Purpose::init) == 4);
  CHECK(static_cast<uint32_t>(Purpose::dropout) == 5);
  CHECK(static_cast<uint32_t>(Purpose::canary) == 6);
  CHECK(static_cast<uint32_t>(Purpose::placebo) == 7);
  CHECK(static_cast<uint32_t>(Purpose::sign_flip) == 32);
}

TEST_CASE("a block holds two 64-bit words, the low half first", "[random]") {
  const Block block = {1, 2, 3, 4};
  CHECK(word64(block, 0) == 0x0000000200000001U);
  CHECK(word64(block, 1) == 0x0000000400000003U);
}

TEST_CASE("the unit interval includes 0 and stops short of 1", "[random]") {
  CHECK(unit_interval(0) == 0.0);
  CHECK(unit_interval(~0ULL) == 1.0 - 0x1p-53);
  CHECK(unit_interval(1ULL << 63) == 0.5);
  CHECK(unit_interval(1ULL << 11) == 0x1p-53);
  CHECK(unit_interval((1ULL << 11) - 1) == 0.0);  // the low 11 bits are left out
}

TEST_CASE("uniform numbers have the moments of the unit interval", "[random]") {
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = unit_interval(word64(random_block({3, 0}, Purpose::canary, 0, 0, i), 0));
    sum += u;
    squares += u * u;
  }
  // Within 4.5 standard errors: sqrt(1/12 / n) and sqrt(4/45 / n).
  CHECK(std::abs(sum / kDraws - 0.5) < 4.5 * std::sqrt(1.0 / 12 / kDraws));
  CHECK(std::abs(squares / kDraws - 1.0 / 3) < 4.5 * std::sqrt(4.0 / 45 / kDraws));
}

TEST_CASE("whole numbers below n reach both ends and nothing else", "[random]") {
  CHECK(below(0, 10) == 0);
  CHECK(below(~0ULL, 10) == 9);
  CHECK(below(~0ULL, 1) == 0);
  CHECK(below(~0ULL, ~0ULL) == ~0ULL - 1);
  // The k-th of n equal parts of the 64-bit range gives k.
  for (uint64_t k = 0; k < 7; ++k) {
    const uint64_t part = ~0ULL / 7;
    CHECK(below(k * part + part / 2, 7) == k);
  }
}

TEST_CASE("whole numbers below n are uniform", "[random]") {
  constexpr uint64_t kValues = 50;
  constexpr int kDraws = 100'000;
  std::vector<double> counts(kValues);
  for (uint64_t i = 0; i < kDraws; ++i)
    ++counts.at(below(word64(random_block({5, 0}, Purpose::canary, 0, 0, i / 2), i % 2), kValues));
  const std::vector<double> expected(kValues, static_cast<double>(kDraws) / kValues);
  CHECK(chi_square(counts, expected) < chi_square_limit(kValues - 1));
  CHECK(chi_square(counts, expected) > 20);  // too even would be suspicious as well
}
