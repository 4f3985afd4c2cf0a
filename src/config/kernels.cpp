#include "config/kernels.h"

#include <fmt/format.h>

namespace ate {

std::string why_not_fused(const Config& config) {
  if (config.device != "auto" && config.device != "cpu")
    return fmt::format("the fused kernels run on the CPU, not on {}", config.device);
  if (config.body.kind != BodyKind::encoder) return "there are no fused kernels for the bag";
  if (config.attention.kind != AttentionKind::dense)
    return "there are fused kernels for dense attention alone";
  if (config.body.norm != Norm::post || config.body.activation != Activation::relu)
    return "there are fused kernels for post-norm ReLU layers alone";
  if (config.windows.length > kLongestFusedWindow)
    return fmt::format("the fused kernels take windows of at most {} tokens, not {}", kLongestFusedWindow,
                       config.windows.length);
  return "";
}

std::string why_not_stacked(const Config& config, Arm arm) {
  if (config.device == "mps") return "stacks train on the CPU and on CUDA, not on mps";
  if (config.kernels == KernelKind::fused) return "the fused kernels train one model at a time";
  if (config.dtype == Dtype::bf16) return "stacks train in fp32";
  if (config.attention.kind != AttentionKind::dense) return "stacks train dense attention alone";
  if (arm == Arm::tied) return "tied has no weight of the head, which the others of a stack have";
  return "";
}

KernelKind chosen_kernels(const Config& config) {
  if (config.kernels != KernelKind::automatic) return config.kernels;
  return why_not_fused(config).empty() ? KernelKind::fused : KernelKind::reference;
}

std::vector<Problem> check_kernels(const Config& config) {
  const std::string why = why_not_fused(config);
  if (config.kernels == KernelKind::fused && !why.empty())
    return {{"/kernels", why + ": set kernels to auto or reference"}};
  if (config.dtype == Dtype::fp32) return {};
  if (config.kernels == KernelKind::reference)
    return {{"/dtype", "bf16 takes fused kernels: set kernels to auto or fused, or dtype to fp32"}};
  if (!why.empty()) return {{"/dtype", "bf16 takes fused kernels, but " + why + ": set dtype to fp32"}};
  return {};
}

}  // namespace ate
