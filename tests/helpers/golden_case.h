// One golden model: its config, its parameters loaded, and what PyTorch computed with them.
#pragma once

#include <string>

#include "config/json.h"
#include "helpers/golden.h"
#include "helpers/rig.h"

namespace ate::testing {

inline const std::vector<std::string> kGoldenCases = {"bag_standard",
                                                      "bag_bespoke_bias",
                                                      "bag_bespoke_dead_rows",
                                                      "encoder_standard_causal",
                                                      "encoder_standard_unmasked",
                                                      "encoder_bespoke_causal",
                                                      "encoder_bespoke_noise",
                                                      "encoder_prenorm_gelu",
                                                      "encoder_postnorm_gelu",
                                                      "encoder_bespoke_prenorm",
                                                      "encoder_tied_llama",
                                                      "encoder_tied_gpt2",
                                                      "encoder_adamw_groups",
                                                      "encoder_sgd",
                                                      "encoder_muon",
                                                      "encoder_moonlight",
                                                      "encoder_attention"};

struct GoldenCase {
  GoldenCase(const std::string& name, at::ScalarType type)
      : golden(read_golden(name)),
        rig(config_of(golden), arm_of(golden), bands_of(golden), type, noise_of(golden)) {
    for (const ParameterTensor& tensor : rig.layout.tensors)
      Rig::part(rig.arena.parameters, tensor)
          .copy_(double_tensor(golden["parameters"][tensor.name]["values"]));
  }

  static Config config_of(const nlohmann::ordered_json& golden) {
    Config config;
    std::vector<Problem> problems;
    read_config(golden["config"], config, problems);
    if (!problems.empty()) throw BadInput(problems);
    return config;
  }
  static Arm arm_of(const nlohmann::ordered_json& golden) { return Arm(golden["arm"].get<std::string>()); }
  static Bands bands_of(const nlohmann::ordered_json& golden) {
    Bands bands;
    if (golden["bands"].is_null()) return bands;
    size_t band = 0;
    for (const char* name : {"high", "mid", "low", "none"})
      bands.members[band++] = golden["bands"][name].get<std::vector<int32_t>>();
    return bands;
  }
  static at::Tensor noise_of(const nlohmann::ordered_json& golden) {
    if (golden["noise"].is_null()) return {};
    return double_tensor(golden["noise"]).view({-1, golden["config"]["body"]["width"].get<int64_t>()});
  }

  nlohmann::ordered_json golden;
  Rig rig;
};

}  // namespace ate::testing
