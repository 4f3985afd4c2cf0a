// How a token is drawn from a model's logits. No LibTorch.
#pragma once

#include <cstdint>

namespace ate {

struct Sampling {
  double temperature = 1;  // of the softmax that is drawn from; 0: the likeliest token, the first of equals
  int64_t top_k = 0;       // draws among so many of the likeliest; 0: among all
  uint32_t seed = 0;
};

}  // namespace ate
