// Text to tokens and back, in each format of a text source.
#include "data/text_codec.h"

#include "catch.h"
#include "data/corpus.h"
#include "data/text.h"
#include "helpers/errors.h"
#include "helpers/sources.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig text_of_format(const std::filesystem::path& file, TextFormat format) {
  SourceConfig source;
  source.kind = SourceKind::text;
  source.file = file.string();
  source.format = format;
  settle_text(source, {.whole_file = true, .any_vocabulary = true});
  return source;
}

std::string decoded(const TextCodec& codec, const std::vector<int64_t>& tokens) {
  std::string text;
  for (const int64_t token : tokens) text += codec.decode(token);
  return text;
}

}  // namespace

TEST_CASE("what is cut into tokens is put together again", "[data]") {
  TemporaryFolder folder;
  const std::string text = "Zwölf Boxkämpfer\njagen \u20ac\U0001F600\n";
  const std::filesystem::path file = folder.write("text.txt", text);
  for (const TextFormat format : {TextFormat::bytes, TextFormat::characters}) {
    const SourceConfig source = text_of_format(file, format);
    const std::unique_ptr<TextCodec> codec = text_codec(source);
    const std::vector<int64_t> tokens = codec->encode(text, "--prompt");
    CHECK(decoded(*codec, tokens) == text);
    // The very tokens that the source has.
    CHECK(tokens == tokens_of(make_corpus(source, 0)));
  }
}

TEST_CASE("characters that the text lacks, and bytes that are no text, are refused", "[data]") {
  TemporaryFolder folder;
  const SourceConfig source = text_of_format(folder.write("text.txt", "abba\n"), TextFormat::characters);
  const std::unique_ptr<TextCodec> codec = text_codec(source);
  CHECK_THROWS_WITH(codec->encode("abc", "--prompt"),
                    "--prompt: \"c\" does not occur in the text that the model was trained on");
  CHECK_THROWS_WITH(codec->encode("ab\xff", "--prompt"), "--prompt: is no text in UTF-8");
}

TEST_CASE("token ids are numbers", "[data]") {
  SourceConfig source;
  source.format = TextFormat::uint16;
  source.vocabulary = 50;
  const std::unique_ptr<TextCodec> codec = text_codec(source);
  CHECK(codec->encode(" 3 49  0 ", "--prompt") == std::vector<int64_t>{3, 49, 0});
  CHECK(decoded(*codec, {3, 49}) == "3 49 ");
  for (const char* wrong : {"50", "-1", "x", "3,4", "3.5", "99999999999999999999"})
    CHECK_THROWS_WITH(codec->encode(wrong, "--prompt"), Catch::Contains("is no token"));
}
