// The original report's formula for a block at GPT-4's scale. The shape is a guess: its makers have not published
// it.
#pragma once

#include <optional>
#include <string>

#include "analysis/shape.h"

namespace ate::gpt4 {

// What is assumed. A feed-forward block of 4 d, a selector's and approximator's hidden width of 128 and no
// last linear map are not the original report's: it counts none of them.
struct Assumptions {
  int64_t width = 16384;
  int64_t heads = 128;
  int64_t layers = 120;
  int64_t batch = 8;
  std::optional<int64_t> keys;  // unset: min(32, T / 16), as the document has it
  int64_t hidden = 128;
  int64_t feedforward = 4;
  int64_t vocabulary = 0;
};

// Reads "d=12288,layers=96". d alone keeps heads of 128, heads alone too. Throws BadInput with every
// problem; `flag` is its address.
Assumptions read_assumptions(const std::string& flag, const std::string& text);

// The shape at length T, without a mask, as the document counts. Throws BadInput with `where` as the
// address when T is too short for the keys.
Shape shape_at(const Assumptions& assumptions, int64_t length, const std::string& where);

// Scores and mixing of all heads, layers and sequences, multiply-accumulates: 2 B H T^2 hd L.
Count full(const Shape& shape);

// "Sparse": B H T hd (1 + k) L multiply-accumulates. There is no term for a selector or for an
// approximator.
Count sparse(const Shape& shape);

}  // namespace ate::gpt4
