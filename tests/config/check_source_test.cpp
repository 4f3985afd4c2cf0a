#include "catch.h"
#include "config/derived.h"
#include "config/enum_names.h"
#include "config/resolve.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string complaints(const SourceConfig& source) {
  Config config;
  config.source = source;
  if (asks(source)) {
    config.windows.length = example_length(source);
    config.body.kind = BodyKind::encoder;
  }
  std::string lines;
  for (const Problem& problem : check_config(config)) lines += problem.text() + "\n";
  return lines;
}

SourceConfig of(SourceKind kind) {
  SourceConfig source;
  source.kind = kind;
  if (kind == SourceKind::text) source.file = "a.txt";
  return source;
}

}  // namespace

TEST_CASE("every kind of source is sound by itself", "[config]") {
  for (const SourceDescription* kind : registered<SourceDescription>()) {
    CAPTURE(kind->name);
    CHECK(complaints(of(*kind)).empty());
  }
}

TEST_CASE("a setting of another kind of source is refused, with the kind that has it", "[config]") {
  const std::pair<const char*, void (*)(SourceConfig&)> settings[] = {
      {"order", [](SourceConfig& s) { s.order = 2; }},
      {"neighbours", [](SourceConfig& s) { s.neighbours = 9; }},
      {"law_seed", [](SourceConfig& s) { s.law_seed = 1; }},
      {"keys", [](SourceConfig& s) { s.keys = 2; }},
      {"values", [](SourceConfig& s) { s.values = 5; }},
      {"distance", [](SourceConfig& s) { s.distance = 50; }},
      {"file", [](SourceConfig& s) { s.file = "b.txt"; }},
      {"format", [](SourceConfig& s) { s.format = TextFormat::bytes; }},
      {"content", [](SourceConfig& s) { s.content = "0123"; }}};
  for (const std::string& kind_name : registered_names<SourceDescription>())
    for (size_t i = 0; i < std::size(settings); ++i) {
      const auto& [name, set] = settings[i];
      CAPTURE(kind_name, name);
      const SourceKind kind(kind_name);
      SourceConfig source = of(kind);
      set(source);
      const SourceKind owner = i < 3   ? SourceKind::zipf_markov
                               : i < 6 ? SourceKind::recall
                                       : SourceKind::text;
      const std::string expected = kind == owner ? ""
                                                 : std::string("/source/") + name + ": " + kind_name +
                                                       " has no such setting, only " + enum_name(owner);
      CHECK(complaints(source).substr(0, expected.size()) == expected);
      CHECK(complaints(source).empty() == (kind == owner));
    }
}

TEST_CASE("keys, values, the mark and a filler must fit into the vocabulary", "[config]") {
  SourceConfig source = of(SourceKind::recall);
  source.keys = 3;
  source.values = 5;
  source.vocabulary = 80;
  CHECK(complaints(source).empty());
  source.keys = 74;
  source.distance = 371;
  CHECK(contains(complaints(source), "/source/vocabulary: 74 keys, 5 values"));
  CHECK(contains(complaints(source), "at least 81"));
  source.keys = 73;
  CHECK(complaints(source).empty());
}

TEST_CASE("a distance leaves room for pairs and queries", "[config]") {
  SourceConfig source = of(SourceKind::recall);
  source.keys = 4;
  source.distance = 21;
  CHECK(complaints(source).empty());
  source.distance = 20;
  CHECK(contains(complaints(source), "/source/distance: 4 keys are 21 tokens"));
}

TEST_CASE("a text needs a file, and only sentencepiece a model", "[config]") {
  SourceConfig source = of(SourceKind::text);
  source.file = "";
  CHECK(contains(complaints(source), "/source/file: text needs a file"));
  source = of(SourceKind::text);
  source.model = "m.model";
  for (const TextFormat format : {TextFormat::bytes, TextFormat::uint16}) {
    source.format = format;
    CHECK(contains(complaints(source), "/source/model: only sentencepiece takes a model"));
  }
  source.format = TextFormat::sentencepiece;
  CHECK(complaints(source).empty());
}

TEST_CASE("what a source that asks cannot have is refused, with what would be right", "[config]") {
  const auto refused = [](const char* kind, const char* name, SettingValue value, const char* expected) {
    SourceConfig source = of(SourceKind(kind));
    source.own.set(name, value);
    CAPTURE(kind, name, complaints(source));
    CHECK(contains(complaints(source), expected));
  };
  refused("mqar", "pairs", int64_t{17},
          "/source/pairs: 17 pairs and a slot of two for each one's query take 68 tokens, and an example has "
          "64: set "
          "source.pairs to at most 16");
  refused("aggregate", "last", int64_t{65}, "/source/last: 65 tokens are more than the 64 of an example");
  refused("copy", "copied", int64_t{32},
          "take 65 tokens, and an example has 64: set source.copied to at most 31");
  refused("induction", "example", int64_t{63}, "63 tokens are no whole pairs");
  const auto small = [](const char* kind, int64_t vocabulary, bool counts = false) {
    SourceConfig source = of(SourceKind(kind));
    source.vocabulary = vocabulary;
    if (counts) source.own.set("counts", true);
    return complaints(source);
  };
  CHECK(contains(small("mqar", 9),
                 "/source/vocabulary: of 9 tokens 3 are keys, and an example has 4 different ones: set "
                 "source.vocabulary to at least 10"));
  CHECK(!contains(small("mqar", 10), "/source/"));  // the bands are too large then
  CHECK(contains(small("induction", 3), "/source/vocabulary: 3 tokens are too few"));
  CHECK(contains(small("copy", 3), "/source/vocabulary: 3 tokens are too few"));
  CHECK(contains(small("aggregate", 18, true), "set source.vocabulary to at least 19"));
  CHECK(!contains(small("aggregate", 19, true), "/source/"));
}

TEST_CASE("a window of a source that asks is an example, and the model an encoder", "[config]") {
  Config config;
  config.source = of(SourceKind("mqar"));
  std::string lines;
  for (const Problem& problem : check_config(config)) lines += problem.text() + "\n";
  CHECK(contains(
      lines,
      "/windows/length: a window is an example, and mqar's have 64 tokens: set windows.length to 64, or "
      "source.example to 16"));
  CHECK(contains(lines, "/body/kind: mqar asks inside of a window, and the bag predicts the token after it"));
  config.windows.length = 64;
  config.body.kind = BodyKind::encoder;
  CHECK(check_config(config).empty());
  config.source.tokens = 400;  // 80 to validate on, of which the example at 320 is whole
  CHECK(check_config(config).empty());
  config.source.tokens = 380;
  REQUIRE(check_config(config).size() == 1);
  CHECK(contains(check_config(config)[0].text(),
                 "/source/tokens: the part to test on holds no whole example of 64 tokens"));
  config.source.tokens = 4000;
  config.train.procedure = Procedure::frontier;
  REQUIRE(check_training(config).size() == 1);
  CHECK(contains(check_training(config)[0].text(), "mqar asks for some: set train.procedure=model"));
}

TEST_CASE("an example is as long as a window where nothing says otherwise", "[config]") {
  const std::vector<std::string> base = {"source.kind=mqar", "body.kind=encoder", "windows.length=32"};
  const Resolved resolved = resolve({"", "", base, {}});
  CHECK(example_length(resolved.config.source) == 32);
  CHECK(resolved.origin.at("/source/example") == "windows.length");
  std::vector<std::string> longer = base;
  longer.push_back("source.example=48");
  CHECK(contains(complaint_of<BadInput>([&] { resolve({"", "", longer, {}}); }), "mqar's have 48 tokens"));
  // A stream keeps the setting where it was, and with it its hash.
  CHECK(example_length(resolve({"", "", {"windows.length=32"}, {}}).config.source) == 64);
}
