// Bodies of today on a tiny encoder, each part by itself and all together.
#pragma once

#include <string>
#include <vector>

#include "helpers/arms.h"

namespace ate::testing {

// Llama's kind of model (Touvron et al. 2023; grouped heads and norms of queries and keys came later), any arm of which
// can be built.
inline Config llama_encoder() {
  Config config = config_for_all_arms();
  BodyConfig& body = config.body;
  body.heads = 4;
  body.kv_heads = 2;
  body.qk_norm = true;
  body.feedforward_width = 12;
  body.norm = Norm::pre;
  body.normalisation = Normalisation::rms;
  body.activation = Activation::swiglu;
  body.positions = Positions::rotary;
  body.bias = false;
  body.init = Init::gpt2;
  return config;
}

struct BodyCase {
  std::string name;
  Config config;
};

// A tiny encoder with one part of today's each, then with all.
inline std::vector<BodyCase> bodies_of_today() {
  std::vector<BodyCase> all;
  const auto add = [&](const std::string& name, auto&& change) {
    all.push_back({name, config_for_all_arms()});
    change(all.back().config.body);
  };
  add("rotary positions", [](BodyConfig& b) {
    b.positions = Positions::rotary;
    b.rotary_base = 20;
  });
  add("RMS norm", [](BodyConfig& b) { b.normalisation = Normalisation::rms; });
  add("SwiGLU", [](BodyConfig& b) { b.activation = Activation::swiglu; });
  add("layers without biases", [](BodyConfig& b) { b.bias = false; });
  add("norms of queries and keys", [](BodyConfig& b) { b.qk_norm = true; });
  add("grouped key-value heads", [](BodyConfig& b) { b.kv_heads = 1; });
  add("dropout on embeddings", [](BodyConfig& b) { b.dropout_embedding = 0.2; });
  add("layers of attention alone", [](BodyConfig& b) {
    b.feedforward = 0;
    b.norm = Norm::pre;
  });
  all.push_back({"Llama", llama_encoder()});
  return all;
}

}  // namespace ate::testing
