#include "data/characters.h"

#include "catch.h"
#include "data/text.h"
#include "helpers/errors.h"
#include "helpers/sources.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig characters_in(const std::filesystem::path& path) {
  SourceConfig source;
  source.kind = SourceKind::text;
  source.file = path.string();
  source.format = TextFormat::characters;
  return source;
}

std::vector<int64_t> read_characters(SourceConfig source, int64_t vocabulary) {
  settle_text(source, {true, true});
  CHECK(source.vocabulary == vocabulary);
  CHECK(source.format == TextFormat::characters);
  return tokens_of(make_corpus(source, 0));
}

}  // namespace

TEST_CASE("a character's id is its place among the file's characters, sorted by code point", "[data]") {
  const TemporaryFolder folder;
  CHECK(read_characters(characters_in(folder.write("a", "hello\n")), 5) ==
        std::vector<int64_t>{2, 1, 3, 3, 4, 0});
  // U+00E9, U+20AC and U+1F600, of two, three and four bytes, with the largest code point of all.
  CHECK(read_characters(characters_in(folder.write("b",
                                                   "z\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9"
                                                   "a\xF4\x8F\xBF\xBF")),
                        6) == std::vector<int64_t>{1, 2, 3, 4, 2, 0, 5});
  CHECK(read_characters(characters_in(folder.write("c", "a\r\nb")), 4) == std::vector<int64_t>{2, 1, 0, 3});
}

TEST_CASE("fewer tokens than the file has leave the vocabulary of the whole file", "[data]") {
  const TemporaryFolder folder;
  SourceConfig source = characters_in(folder.write("a", "cabba"));
  source.tokens = 3;
  settle_text(source, {false, true});
  CHECK(source.vocabulary == 3);
  CHECK(tokens_of(make_corpus(source, 0)) == std::vector<int64_t>{2, 0, 1});
}

TEST_CASE("a character across two pieces of the reader is one", "[data]") {
  const TemporaryFolder folder;
  std::string text((1 << 20) - 2, 'a');
  text +=
      "\xF0\x9F\x98\x80"
      "b";
  const std::vector<int64_t> ids = read_characters(characters_in(folder.write("a", text)), 3);
  REQUIRE(ids.size() == (1 << 20));
  CHECK(ids[(1 << 20) - 3] == 0);
  CHECK(ids[(1 << 20) - 2] == 2);
  CHECK(ids[(1 << 20) - 1] == 1);
}

TEST_CASE("what is no UTF-8 is refused with the byte and its place", "[data]") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& text) {
    SourceConfig source = characters_in(folder.write("a", text));
    return complaint_of<BadInput>([&] { settle_text(source, {true, true}); });
  };
  const struct {
    std::string text;
    const char* said;
  } cases[] = {
      {"caf\xE9 au lait", "byte 0x20 at offset 4 does not go on"},    // Latin-1
      {"ab\x80", "byte 0x80 at offset 2 begins no character"},        // what goes on, first
      {"a\xC0\xAF", "byte 0xC0 at offset 1 begins no character"},     // "/" in two bytes
      {"a\xE0\x80\xAF", "byte 0x80 at offset 2 does not go on"},      // in three
      {"a\xF0\x80\x80\xAF", "byte 0x80 at offset 2 does not go on"},  // in four
      {"a\xED\xA0\x80", "byte 0xA0 at offset 2 does not go on"},      // a surrogate
      {"a\xF4\x90\x80\x80", "byte 0x90 at offset 2 does not go on"},  // above U+10FFFF
      {"a\xFF\xFE", "byte 0xFF at offset 1 begins no character"},
      {std::string("a\0b", 3), "byte 0x00 at offset 1 is no text: are these token ids?"},
      {"ab\xE2\x82", "ends inside a character"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.said);
    CHECK(contains(refusal(one.text), one.said));
    CHECK(contains(refusal(one.text), "/source/file"));
  }
}

TEST_CASE("a text of one character is refused", "[data]") {
  const TemporaryFolder folder;
  SourceConfig source = characters_in(folder.write("a", std::string(500, 'x')));
  CHECK(contains(complaint_of<BadInput>([&] {
                   settle_text(source, {true, true});
                 }),
                 "has one character, again and again"));
}
