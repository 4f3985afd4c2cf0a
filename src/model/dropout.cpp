#include "model/dropout.h"

#include <cmath>

namespace ate {
namespace {

constexpr int kPerBlock = 8;  // 16-bit numbers in a Philox block

// Compiled for several instruction sets and chosen at load time; all give the same bits, being integer
// arithmetic.
#if defined(__x86_64__) && defined(__linux__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define ATE_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ATE_VECTOR_CLONES
#endif

// Whole blocks of the mask. The lanes of a Philox round are independent across blocks, which is what lets the
// compiler run kLanes of them at once.
ATE_VECTOR_CLONES
void fill_blocks(RandomKey key, uint32_t site_word, uint32_t step, uint32_t threshold, float kept,
                 float* mask, uint64_t blocks) {
  constexpr int kLanes = 16;
  constexpr uint64_t kMultiply0 = 0xD2511F53;  // Philox4x32's constants, as in the paper
  constexpr uint64_t kMultiply1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;
  constexpr uint32_t kWeyl1 = 0xBB67AE85;
  for (uint64_t first = 0; first < blocks; first += kLanes) {
    uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const uint64_t index = first + static_cast<uint64_t>(lane);
      c0[lane] = static_cast<uint32_t>(index);
      c1[lane] = static_cast<uint32_t>(index >> 32);
      c2[lane] = step;
      c3[lane] = site_word;
    }
    uint32_t k0 = key.seed;
    uint32_t k1 = key.stream;
    for (int round = 0; round < 10; ++round) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const uint64_t p0 = kMultiply0 * c0[lane];
        const uint64_t p1 = kMultiply1 * c2[lane];
        const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1[lane] ^ k0;
        const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ c3[lane] ^ k1;
        c0[lane] = n0;
        c1[lane] = static_cast<uint32_t>(p1);
        c2[lane] = n2;
        c3[lane] = static_cast<uint32_t>(p0);
      }
      k0 += kWeyl0;
      k1 += kWeyl1;
    }
    const int lanes = static_cast<int>(blocks - first < kLanes ? blocks - first : kLanes);
    float* out = mask + first * kPerBlock;
    for (int lane = 0; lane < lanes; ++lane) {
      const uint32_t words[4] = {c0[lane], c1[lane], c2[lane], c3[lane]};
      for (int j = 0; j < kPerBlock; ++j) {
        const uint32_t bits = (words[j / 2] >> (16 * (j % 2))) & 0xFFFFU;
        out[lane * kPerBlock + j] = bits < threshold ? 0.0F : kept;
      }
    }
  }
}

}  // namespace

DropoutRate dropout_rate(double p) {
  const auto threshold = static_cast<uint32_t>(std::lround(p * 65536));
  return {threshold, static_cast<float>(65536.0 / (65536.0 - threshold))};
}

void fill_dropout_mask(RandomKey key, uint32_t site, uint32_t step, double p, std::span<float> mask) {
  const auto [threshold, kept] = dropout_rate(p);
  const uint64_t whole = mask.size() / kPerBlock;
  fill_blocks(key, dropout_site_word(site), step, threshold, kept, mask.data(), whole);
  const auto block = random_block(key, Purpose::dropout, site, step, whole);
  for (size_t i = whole * kPerBlock; i < mask.size(); ++i) {
    const size_t j = i % kPerBlock;
    const uint32_t bits = (block[j / 2] >> (16 * (j % 2))) & 0xFFFFU;
    mask[i] = bits < threshold ? 0.0F : kept;
  }
}

}  // namespace ate
