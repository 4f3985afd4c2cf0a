#include "data/text.h"

#include "catch.h"
#include "config/resolve.h"
#include "helpers/errors.h"
#include "helpers/piece_model.h"
#include "helpers/sources.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig text_of(const std::filesystem::path& path) {
  SourceConfig config;
  config.kind = SourceKind::text;
  config.file = path.string();
  return config;
}

SourceConfig settled(SourceConfig config, TextDefaults defaults = {true, true}) {
  settle_text(config, defaults);
  return config;
}

std::string complaint(const SourceConfig& config, TextDefaults defaults = {true, true}) {
  return complaint_of<BadInput>([&] { settled(config, defaults); });
}

const std::string kIds("\x05\x00\x00\x01\x07\x00", 6);  // 5, 256, 7

}  // namespace

TEST_CASE("a byte is a token", "[data]") {
  const TemporaryFolder folder;
  const SourceConfig config = settled(text_of(folder.write("a.txt", "ab\n\xff")));
  CHECK(config.format == TextFormat::bytes);
  CHECK(config.vocabulary == 256);
  CHECK(config.tokens == 4);
  const Corpus corpus = make_corpus(config, 0);
  CHECK(tokens_of(corpus) == std::vector<int64_t>{'a', 'b', '\n', 255});
  CHECK(corpus.tokens.empty());  // they stay in the file
  CHECK(corpus.training == 3);
  CHECK(tokens_of(make_corpus(config, 7)) == tokens_of(corpus));
}

TEST_CASE("a text has no known law", "[data]") {
  const TemporaryFolder folder;
  const auto source = open_source(settled(text_of(folder.write("a.txt", "abcd"))));
  CHECK(!source->entropy());
  CHECK(source->laws() == nullptr);
  CHECK(!source->corpus(0).entropy);
}

TEST_CASE("at most as many tokens as asked for are taken, the whole file when none are", "[data]") {
  const TemporaryFolder folder;
  SourceConfig config = text_of(folder.write("a.txt", "abcdefghij"));
  config.tokens = 4;
  CHECK(settled(config, {false, true}).tokens == 4);
  CHECK(tokens_of(make_corpus(settled(config, {false, true}), 0)) ==
        std::vector<int64_t>{'a', 'b', 'c', 'd'});
  config.tokens = 100;
  CHECK(settled(config, {false, true}).tokens == 10);
  config.tokens = 4;
  CHECK(settled(config, {true, true}).tokens == 10);
}

TEST_CASE("a .bin file holds token ids of two bytes", "[data]") {
  const TemporaryFolder folder;
  const SourceConfig config = settled(text_of(folder.write("a.bin", kIds)));
  CHECK(config.format == TextFormat::uint16);
  CHECK(config.vocabulary == 257);
  CHECK(tokens_of(make_corpus(config, 0)) == std::vector<int64_t>{5, 256, 7});
  SourceConfig as_bytes = text_of(folder / "a.bin");
  as_bytes.format = TextFormat::bytes;
  CHECK(settled(as_bytes).tokens == 6);
  SourceConfig named = text_of(folder.write("ids", kIds));
  named.format = TextFormat::uint16;
  named.vocabulary = 1000;
  CHECK(settled(named, {true, false}).vocabulary == 1000);
}

TEST_CASE("a token id outside the vocabulary is told with its place and what to set", "[data]") {
  const TemporaryFolder folder;
  SourceConfig config = text_of(folder.write("a.bin", kIds));
  config.vocabulary = 256;
  CHECK(contains(
      complaint(config, {true, false}),
      "holds token id 256 at place 1, outside the vocabulary of 256; set source.vocabulary to at least "
      "257"));
  config.vocabulary = 257;
  CHECK(complaint(config, {true, false}).empty());
  config.vocabulary = 6;
  config.tokens = 1;  // the others are not used
  CHECK(complaint(config, {false, false}).empty());
}

TEST_CASE("files that hold no corpus are refused", "[data]") {
  const TemporaryFolder folder;
  CHECK(contains(complaint(text_of("")), "/source/file: text needs a file"));
  CHECK(contains(complaint(text_of(folder / "none")), "cannot be read: No such file or directory"));
  CHECK(contains(complaint(text_of(folder.path())), "is a folder"));
  CHECK(contains(complaint(text_of(folder.write("empty", ""))), "is empty"));
  CHECK(contains(complaint(text_of(folder.write("odd.bin", "abc"))), "an odd number of bytes, 3"));
}

TEST_CASE("the content is hashed, and a file that has changed since is refused", "[data]") {
  const TemporaryFolder folder;
  const SourceConfig config = settled(text_of(folder.write("a.txt", "abcdef")));
  CHECK(config.content.size() == 16);
  CHECK(settled(config) == config);  // settling again changes nothing
  CHECK(settled(text_of(folder.write("same.txt", "abcdef"))).content == config.content);
  (void)folder.write("a.txt", "abcdeF");
  CHECK(contains(complaint(config), "/source/content: the content of"));
  CHECK(contains(complaint(config), "not " + config.content + ": the file has changed"));
  const SourceConfig changed = settled(text_of(folder / "a.txt"));
  CHECK(changed.content != config.content);
  CHECK(tokens_of(make_corpus(changed, 0)).back() == 'F');
}

TEST_CASE("resolving a config settles its text, and the experiment is named by the content", "[data]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.txt", std::string(3000, 'x') + "y").string();
  const auto resolved = [&](const std::vector<std::string>& more) {
    std::vector<std::string> sets = {"source.kind=text", "source.file=" + path};
    sets.insert(sets.end(), more.begin(), more.end());
    return resolve({"", folder.write("c.json", "{}").string(), sets, {}});
  };
  const Resolved whole = resolved({});
  CHECK(whole.config.source.tokens == 3001);
  CHECK(whole.config.source.vocabulary == 256);
  CHECK(whole.origin.at("/source/tokens") == "source.file");
  CHECK(whole.document["source"]["tokens"] == 3001);
  CHECK(resolved({"source.tokens=1000"}).config.source.tokens == 1000);
  // The resolved config, read back, is the same experiment.
  const Resolved again = resolve({"", folder.write("r.json", whole.document.dump()).string(), {}, {}});
  CHECK(again.config.source == whole.config.source);
  CHECK(experiment_hash(again.config) == experiment_hash(whole.config));
  (void)folder.write("a.txt", std::string(3000, 'x') + "z");
  CHECK(experiment_hash(resolved({}).config) != experiment_hash(whole.config));
  CHECK(contains(complaint_of<BadInput>([&] {
                   resolve({"", (folder / "r.json").string(), {}, {}});
                 }),
                 "r.json: /source/content: the content of"));
}

TEST_CASE("a SentencePiece model cuts a text line by line, or the build says what it lacks", "[data]") {
  const TemporaryFolder folder;
  const std::string space = "\xe2\x96\x81";
  SourceConfig config = text_of(folder.write("a.txt", "ab a\n\nb ab\n"));
  config.model = folder.write("m.model", piece_model({space + "ab", space + "a", "b", space + "b"})).string();
  const std::string lacking = complaint(config);
  if (contains(lacking, "built without SentencePiece")) {
    CHECK(contains(lacking, "/source/format"));
    CHECK(contains(lacking, "libsentencepiece-dev"));
    return;
  }
  CHECK(lacking.empty());
  config = settled(config);
  CHECK(config.format == TextFormat::sentencepiece);
  CHECK(config.vocabulary == 5);
  CHECK(tokens_of(make_corpus(config, 0)) == std::vector<int64_t>{1, 2, 4, 1});
}

TEST_CASE("line ends of other systems are no tokens", "[data]") {
  const TemporaryFolder folder;
  const std::string space = "\xe2\x96\x81";
  const auto tokens = [&](const std::string& text) {
    SourceConfig config = text_of(folder.write("a.txt", text));
    config.model =
        folder.write("m.model", piece_model({space + "ab", space + "a", "b", space + "b"})).string();
    return tokens_of(make_corpus(settled(config), 0));
  };
  SourceConfig config = text_of(folder.write("a.txt", "ab"));
  config.model = folder.write("m.model", piece_model({space + "ab"})).string();
  if (!complaint(config).empty()) return;  // a build without the library
  CHECK(tokens("ab a\r\n\r\nb ab\r\n") == tokens("ab a\n\nb ab\n"));
  // Where the reader's pieces end between the two.
  const std::string line(((1 << 20) - 2) / 3 * 3, ' ');
  for (const size_t more : {0U, 1U, 2U, 3U}) {
    const std::string start = line + std::string(more, ' ') + "ab";
    CHECK(tokens(start + "\r\nab\r\n") == tokens(start + "\nab\n"));
  }
}

TEST_CASE("pieces that a model does not know are counted, and above 1 % of them give a warning", "[data]") {
  const TemporaryFolder folder;
  const std::string space = "\xe2\x96\x81";
  const auto settle = [&](const std::string& text) {
    SourceConfig config = text_of(folder.write("a.txt", text));
    config.model = folder.write("m.model", piece_model({space + "ab"})).string();
    const SettledText out = settle_text(config, {true, true});
    return std::pair(unknown_share(config), out.warnings);
  };
  SourceConfig config = text_of(folder.write("a.txt", "ab"));
  config.model = folder.write("m.model", piece_model({space + "ab"})).string();
  if (!complaint(config).empty()) return;  // a build without the library
  std::string known;
  for (int i = 0; i < 200; ++i) known += "ab\n";
  CHECK((settle(known) == std::pair(std::optional(0.0), std::vector<std::string>{})));
  const auto [few, no_warning] = settle(known + "abx\n");
  CHECK(few.value() > 0);
  CHECK(few.value() < 0.01);
  CHECK(no_warning.empty());
  const auto [many, warnings] = settle(known + "abx\nabx\nabx\n");
  CHECK(many.value() > 0.01);
  REQUIRE(warnings.size() == 1);
  CHECK(contains(warnings[0], "a.txt\": 1."));
  CHECK(contains(warnings[0], "% of its pieces are unknown to the model"));
  CHECK(!unknown_share(text_of(folder / "a.txt")));  // another format
}

TEST_CASE("a preset that cuts a text off is named, a number of one's own is not", "[data]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.txt", std::string(60'000, 'x')).string();
  const auto warnings = [&](const std::string& preset, const std::vector<std::string>& more) {
    std::vector<std::string> sets = {"source.kind=text", "source.file=" + path};
    sets.insert(sets.end(), more.begin(), more.end());
    return resolve({preset, preset.empty() ? folder.write("c.json", "{}").string() : "", sets, {}}).warnings;
  };
  const std::vector<std::string> said = warnings("medium", {});
  REQUIRE(said.size() == 1);
  CHECK(said[0] == "\"" + path +
                       "\": uses 50,000 of 60,000 tokens, because the preset medium sets source.tokens; "
                       "source.tokens=60000 uses all");
  CHECK(warnings("medium", {"source.tokens=40000"}).empty());
  CHECK(warnings("medium", {"source.tokens=60000"}).empty());
  CHECK(warnings("", {}).empty());
  CHECK(warnings("definitive", {}).empty());  // which asks for more than the file has
}

TEST_CASE("a long text gives the tokens of its lines, wherever the reader's pieces end", "[data]") {
  const TemporaryFolder folder;
  const std::string space = "\xe2\x96\x81";
  std::string text;
  std::vector<int64_t> expected;
  for (int line = 0; text.size() < 3'000'000; ++line) {
    text += line % 3 == 0 ? "ab ab\n" : "a\n";
    expected.insert(expected.end(), line % 3 == 0 ? 2 : 1, line % 3 == 0 ? 1 : 2);
  }
  SourceConfig config = text_of(folder.write("a.txt", text));
  config.model = folder.write("m.model", piece_model({space + "ab", space + "a"})).string();
  if (!complaint(config).empty()) return;  // a build without the library
  CHECK(tokens_of(make_corpus(settled(config), 0)) == expected);
}

TEST_CASE("a SentencePiece text without a sound model is refused", "[data]") {
  const TemporaryFolder folder;
  SourceConfig config = text_of(folder.write("a.txt", "ab"));
  config.format = TextFormat::sentencepiece;
  CHECK(contains(complaint(config), "/source/model: sentencepiece needs a model"));
  config.model = (folder / "none").string();
  CHECK(contains(complaint(config), "/source/model: \"" + config.model + "\" cannot be read"));
  config.model = folder.write("m.model", "no model at all").string();
  const std::string what = complaint(config);
  CHECK((contains(what, "is no SentencePiece model") || contains(what, "built without SentencePiece")));
}
