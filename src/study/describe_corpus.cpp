#include "study/describe_corpus.h"

#include <fmt/format.h>

#include "config/fields.h"

namespace ate {
namespace {

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
      return fmt::format("the first {} tokens of {} ({}{}, {} in the vocabulary, content {})", s.tokens,
                         s.file,
                         s.format == TextFormat::bytes    ? "bytes"
                         : s.format == TextFormat::uint16 ? "token ids"
                                                          : "SentencePiece model ",
                         s.format == TextFormat::sentencepiece ? s.model : "", s.vocabulary, s.content);
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
