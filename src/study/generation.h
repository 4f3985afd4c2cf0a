// Text from a stored model. No LibTorch in this header.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/resolve.h"
#include "config/trial.h"
#include "model/sampling.h"

namespace ate {

struct GenerationRequest {
  std::optional<std::string> prompt;     // unset: the first token of the validation part
  std::string prompt_flag = "--prompt";  // which it came from
  int64_t tokens = 200;
  Sampling sampling;
};

struct Generation {
  int64_t prompt_tokens = 0;
  double prompt_seconds = 0, seconds = 0;  // reading the prompt; making the tokens after it
  bool cached = false;                     // whether a token cost one position, or a whole window
};

// Loads the checkpoint and goes on with the prompt. `text` is given the prompt, then each token's bytes as it is made. The
// same request gives the same text on the same kind of device. Throws BadInput as load_trial, for a model of another source
// than text, and for a prompt that is empty or that its vocabulary does not cover.
Generation generate(const std::string& flag, const std::filesystem::path& file, const Resolved& resolved,
                    const TrialId& id, const GenerationRequest& request,
                    const std::function<void(std::string_view)>& text);

}  // namespace ate
