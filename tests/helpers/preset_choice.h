// Presets as a user chooses them: the one that takes the user's text gets one.
#pragma once

#include "config/resolve.h"
#include "helpers/temporary_folder.h"

namespace ate::testing {

class PresetChoice {
 public:
  // A text of Shakespeare's 65 characters and as long.
  PresetChoice() {
    std::string characters = "\n !$&',-.3:;?";
    for (char c = 'A'; c <= 'Z'; ++c) characters += c;
    for (char c = 'a'; c <= 'z'; ++c) characters += c;
    std::string text;
    for (size_t i = 0; i < 1'115'394; ++i) text += characters[i * i % characters.size()];
    for (size_t i = 0; i < characters.size(); ++i) text[i] = characters[i];
    text_ = folder_.write("shakespeare.txt", text).string();
  }

  Choice operator()(const std::string& preset, const std::string& mode) const {
    Choice choice{preset, "", {"mode=" + mode}, {}};
    if (preset == "nanogpt-shakespeare-char-cpu") choice.sets.push_back("source.file=" + text_);
    return choice;
  }

 private:
  TemporaryFolder folder_;
  std::string text_;
};

}  // namespace ate::testing
