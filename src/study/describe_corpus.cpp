#include "study/describe_corpus.h"

#include <fmt/format.h>

#include "config/fields.h"
#include "data/text.h"

namespace ate {
namespace {

// "(bytes, 256 in the vocabulary, content 0123...)".
std::string describe_text(const SourceConfig& s) {
  const auto format = [&]() -> std::string {
    switch (s.format) {
      case TextFormat::automatic:
      case TextFormat::bytes:
        return "bytes";
      case TextFormat::uint16:
        return "token ids";
      case TextFormat::uint32:
        return "token ids of four bytes";
      case TextFormat::npy:
        return "token ids of NumPy";
      case TextFormat::llmc:
        return "token ids of llm.c";
      case TextFormat::sentencepiece:
        return "SentencePiece model " + s.model;
    }
    return "";
  };
  const std::optional<double> unknown = unknown_share(s);
  return fmt::format("({}, {} in the vocabulary, {}content {})", format(), s.vocabulary,
                     unknown ? fmt::format("{:.2f} % unknown pieces, ", 100 * *unknown) : "", s.content);
}

std::string describe_source(const SourceConfig& s) {
  switch (s.kind) {
    case SourceKind::zipf_iid:
      return fmt::format("{} independent draws of {} tokens, Zipf exponent {:g}", s.tokens, s.vocabulary,
                         s.exponent);
    case SourceKind::zipf_markov:
      return fmt::format(
          "{} tokens of a Markov chain of order {} over {} tokens, stationary law Zipf with exponent {:g}; "
          "{} "
          "neighbours drawn, law seed {}",
          s.tokens, s.order, s.vocabulary, s.exponent, s.neighbours, s.law_seed);
    case SourceKind::recall:
      return fmt::format(
          "{} tokens of {} keys with {} values among {} fillers (Zipf exponent {:g}), asked for {} tokens "
          "later "
          "on average",
          s.tokens, s.keys, s.values, s.vocabulary - s.keys - s.values - 1, s.exponent, s.distance);
    case SourceKind::text:
      return fmt::format("the first {} tokens of {} {}", s.tokens, s.file, describe_text(s));
  }
  return "";
}

}  // namespace

std::string describe_corpus(const Config& config, const std::optional<double>& floor) {
  const SourceConfig& source = config.source;
  const std::string text = "corpus: " + describe_source(source);
  if (!floor) return text + "; its entropy is not known: no floor, no excess loss";
  if (source.kind == SourceKind::zipf_iid)
    return text + fmt::format("; entropy {:.4f} nats: no honest loss is lower (the floor)", *floor);
  const std::string rate =
      text + fmt::format("; entropy rate {:.4f} nats: no honest loss is lower (the floor)", *floor);
  if (source.kind == SourceKind::zipf_markov) return rate;
  return rate + fmt::format("; a model that sees {} tokens ends above it, as some keys stand further back",
                            config.windows.length);
}

}  // namespace ate
