// The random bits of dropout as device code: one text that is compiled here and, as a string, for the GPU at
// run time, so that what the tests hold against fill_dropout_mask is what the GPU runs.
#pragma once

namespace ate {

#define ATE_DEVICE_CODE(text, ...) \
  __VA_ARGS__                      \
  inline constexpr const char* text = #__VA_ARGS__

// The 16 bits of element `element` of a mask, see fill_dropout_mask; all arguments and the result fit 32
// bits, but for `element`. Philox4x32-10 (Salmon et al. 2011). T: a signed type of 64 bits.
ATE_DEVICE_CODE(
    kDropoutBitsText, template <typename T> T dropout_bits(T element, T site_word, T seed, T stream, T step) {
      unsigned int c0 = static_cast<unsigned int>(element >> 3);
      unsigned int c1 = static_cast<unsigned int>(element >> 35);
      unsigned int c2 = static_cast<unsigned int>(step);
      unsigned int c3 = static_cast<unsigned int>(site_word);
      unsigned int k0 = static_cast<unsigned int>(seed);
      unsigned int k1 = static_cast<unsigned int>(stream);
      for (int round = 0; round < 10; ++round) {
        const unsigned long long p0 = 0xD2511F53ULL * c0;
        const unsigned long long p1 = 0xCD9E8D57ULL * c2;
        c0 = static_cast<unsigned int>(p1 >> 32) ^ c1 ^ k0;
        c1 = static_cast<unsigned int>(p1);
        c2 = static_cast<unsigned int>(p0 >> 32) ^ c3 ^ k1;
        c3 = static_cast<unsigned int>(p0);
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
      }
      const int place = static_cast<int>(element & 7);
      const unsigned int word = place < 2 ? c0 : place < 4 ? c1 : place < 6 ? c2 : c3;
      return static_cast<T>((word >> (16 * (place & 1))) & 0xFFFFU);
    });

}  // namespace ate
