#include "support/utf8.h"

#include "catch.h"

using namespace ate;

TEST_CASE("every code point is written as UTF-8 and read back", "[support]") {
  for (uint32_t code = 1; code < 0x110000; code += code < 0x900 ? 1 : 97) {
    if (code >= 0xD800 && code < 0xE000) continue;  // surrogates have no form
    const std::string character = utf8_character(code);
    if (character_length(character) != character.size() || code_point(character) != code)
      FAIL("code point " << code);
    for (size_t n = 1; n < character.size(); ++n)
      if (unfinished_bytes("a" + character.substr(0, n)) != n) FAIL("code point " << code << ", byte " << n);
    if (unfinished_bytes(character) != 0) FAIL("code point " << code);
  }
  CHECK(utf8_character(0x20AC) == "\xE2\x82\xAC");
  CHECK(unfinished_bytes("") == 0);
  CHECK(unfinished_bytes("\x80\x80") == 0);
}
