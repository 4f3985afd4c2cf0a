#include "catch.h"
#include "config/fields.h"
#include "config/resolve.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string complaints(const SourceConfig& source) {
  Config config;
  config.source = source;
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
