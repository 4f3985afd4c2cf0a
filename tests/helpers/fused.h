// A fused step over a rig's arrays.
#pragma once

#include "helpers/rig.h"
#include "kernels/cpu/kernels.h"
#include "model/fused/fused_step.h"
#include "model/fused/model_attention.h"

namespace ate::testing {

// The rig's windows per batch are those of its config. `noise` must outlive the step.
inline std::unique_ptr<FusedStep> fused_step(Rig& rig, const at::Tensor& noise = {},
                                             Dtype dtype = Dtype::fp32,
                                             const std::string& instructions = "") {
  Config config = rig.config;
  config.dtype = dtype;
  const auto data = [](at::Tensor& flat) { return flat.mutable_data_ptr<float>(); };
  Arena& arena = rig.arena;
  const bool fused = config.optimiser.kind->fused;
  return make_fused_step(config, rig.plan, rig.layout,
                         {data(arena.parameters), data(arena.gradients),
                          fused ? data(arena.state[0]) : nullptr, fused ? data(arena.state[1]) : nullptr},
                         noise.defined() ? noise.const_data_ptr<float>() : nullptr,
                         model_attention(rig.model, config), instructions);
}

inline std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const kernels::KernelSet& set : kernels::kernel_sets()) names.push_back(set.name);
  return names;
}

}  // namespace ate::testing
