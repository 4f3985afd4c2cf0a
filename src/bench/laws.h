// Random queries, keys and values of a stated law, for what depends on their values.
#pragma once

#include <span>
#include <string>

#include "model/attention/attention.h"

namespace ate {

struct AttentionLaw {
  const char* name;
  const char* help;  // a sentence
  // [1, H, T, hd] each, in float on the CPU, without a mask.
  HeadInputs (*draw)(int64_t heads, int64_t length, int64_t head_width, bool causal);
};

std::span<const AttentionLaw> attention_laws();
// nullptr when there is none of this name.
const AttentionLaw* find_law(const std::string& name);

// Scale and mask of these queries, keys and values.
HeadInputs with_mask(HeadInputs x, bool causal);

}  // namespace ate
