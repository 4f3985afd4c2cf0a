#include "study/generation.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/corpus.h"
#include "data/source.h"
#include "data/text_codec.h"
#include "model/decoder.h"
#include "study/single_model.h"
#include "support/error.h"
#include "support/timing.h"
#include "train/device.h"
#include "train/trial.h"

namespace ate {
namespace {

std::vector<int64_t> prompt_tokens(const SourceConfig& source, const TextCodec& codec,
                                   const GenerationRequest& request) {
  if (request.prompt) {
    std::vector<int64_t> tokens = codec.encode(*request.prompt, request.prompt_flag);
    if (tokens.empty()) throw BadInput(request.prompt_flag, "is empty: give the text to go on with");
    return tokens;
  }
  const Corpus corpus = make_corpus(source, 0);
  std::vector<int64_t> first(1);
  corpus.read(std::min(corpus.training, corpus.length - 1), first);
  return first;
}

}  // namespace

Generation generate(const std::string& flag, const std::filesystem::path& file, const Resolved& resolved,
                    const TrialId& id, const GenerationRequest& request,
                    const std::function<void(std::string_view)>& text) {
  const Config& config = resolved.config;
  if (!config.source.kind->in_file)
    throw BadInput(flag + " " + file.string(),
                   fmt::format("was trained on {}, whose tokens are no text: text comes from models of "
                               "source.kind=text",
                               config.source.kind->name));
  const std::unique_ptr<Trial> trial = load_trial(flag, file, resolved, id);
  Generation out;
  try {
    const std::unique_ptr<TextCodec> codec = text_codec(config.source);
    Decoder decoder(trial->model(), config, choose_device(config.device));
    const std::vector<int64_t> prompt = prompt_tokens(config.source, *codec, request);
    out.prompt_tokens = std::ssize(prompt);
    out.cached = trial->model().can_cache();
    for (const int64_t token : prompt) text(codec->decode(token));
    const double start = wall_seconds();
    decoder.read(prompt);
    const double ready = wall_seconds();
    for (int64_t i = 0; i < request.tokens; ++i) {
      const int64_t token = sample(decoder.logits(), request.sampling, static_cast<uint64_t>(i));
      text(codec->decode(token));
      if (i + 1 < request.tokens) decoder.read({&token, 1});
    }
    out.prompt_seconds = ready - start;
    out.seconds = wall_seconds() - ready;
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  }
  return out;
}

}  // namespace ate
