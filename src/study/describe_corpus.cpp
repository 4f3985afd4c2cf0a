#include "study/describe_corpus.h"

#include <fmt/format.h>

#include "config/derived.h"

namespace ate {
std::string describe_corpus(const Config& config, const std::optional<double>& floor) {
  const SourceConfig& source = config.source;
  const std::string text = "corpus: " + source.kind->describe(source);
  if (!floor) return text + "; its entropy is not known: no floor, no excess loss";
  if (asks(source))
    return text +
           fmt::format(
               "; an answer costs {:.4f} nats at least (the floor): the window holds all that it needs",
               *floor);
  if (source.kind->independent)
    return text + fmt::format("; entropy {:.4f} nats: no honest loss is lower (the floor)", *floor);
  const std::string rate =
      text + fmt::format("; entropy rate {:.4f} nats: no honest loss is lower (the floor)", *floor);
  if (!source.kind->reaches_past_window) return rate;
  return rate + fmt::format("; a model that sees {} tokens ends above it, as some keys stand further back",
                            config.windows.length);
}

}  // namespace ate
