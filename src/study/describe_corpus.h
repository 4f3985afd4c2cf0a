// The corpus of a study in one line, for people.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"

namespace ate {

// What the corpus is, and what is known of its best possible loss; `floor`: entropy rate of the source, nats.
std::string describe_corpus(const Config& config, const std::optional<double>& floor);

}  // namespace ate
