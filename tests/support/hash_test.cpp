// The expected values are those of the Python package xxhash (4.1.0, around xxHash 0.8.4): xxh3_64_hexdigest
// and xxh32_hexdigest. Checkpoints, run ids and random streams lean on them: they may never change.
#include "support/hash.h"

#include "catch.h"

using namespace ate;

namespace {

// n bytes, byte i being (7 i + 3) mod 256.
std::string pattern(size_t n) {
  std::string bytes(n, '\0');
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<char>((i * 7 + 3) % 256);
  return bytes;
}

std::string hash_of(std::string_view bytes) { return Hash64().add(bytes).hex(); }

}  // namespace

TEST_CASE("64-bit hashes are XXH3's, in 16 hex digits", "[support]") {
  CHECK(hash_of("") == "2d06800538d394c2");
  CHECK(hash_of("a") == "e6c632b61e964e1f");
  CHECK(hash_of("abc") == "78af5f94892f3950");
  CHECK(hash_of("bespoke") == "c8d47e06548018c7");
  CHECK(hash_of("91") == "004901d6d0084f13");  // leading zeros are digits too
  // XXH3 takes another path at each of these lengths.
  const std::pair<size_t, const char*> by_length[] = {
      {3, "a9088dda485b481c"},    {8, "60539db630471163"},    {16, "b8c859b0f030b585"},
      {17, "714a04408e79b80f"},   {128, "67425a03650261bf"},  {129, "c664bf3311c6abc4"},
      {240, "64556dc6b462a6cf"},  {241, "8beadd3a8874fe17"},  {1024, "9b81661c641c72b1"},
      {1025, "806c2072ed713576"}, {5000, "799aaddd7339581d"},
  };
  for (const auto& [length, hash] : by_length) {
    CAPTURE(length);
    CHECK(hash_of(pattern(length)) == hash);
  }
}

TEST_CASE("hashing piece by piece is hashing the whole", "[support]") {
  const std::string bytes = pattern(700);
  const std::string whole = hash_of(bytes);
  for (size_t cut = 0; cut <= bytes.size(); cut += 23) {
    CAPTURE(cut);
    Hash64 hash;
    hash.add(bytes.substr(0, cut)).add("").add(bytes.substr(cut));
    CHECK(hash.hex() == whole);
    CHECK(hash.hex() == whole);  // asking does not change it
  }
  CHECK(hash_of(bytes.substr(1)) != whole);
}

TEST_CASE("32-bit hashes of names are XXH32's with seed 0", "[support]") {
  CHECK(hash32("") == 0x02cc5d05U);
  CHECK(hash32("abc") == 0x32d153ffU);
  CHECK(hash32("standard") == 0x8147fa56U);
  CHECK(hash32("bespoke") == 0xf6f740dcU);
  CHECK(hash32("embedding.weight") == 0x24aa6e48U);
}
