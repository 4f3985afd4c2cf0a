#include "config/kernels.h"

#include <fmt/format.h>

#include "config/derived.h"
#include "config/enum_names.h"

namespace ate {
namespace {

bool on_gpu(const Config& config) { return config.device.rfind("cuda", 0) == 0; }

// What is wrong with the dtype and would be right, as a clause; "" where nothing is.
std::string why_not_dtype(const Config& config) {
  if (config.dtype == Dtype::fp32) return "";
  if (config.train.procedure != Procedure::model)
    return fmt::format("the procedure {} trains in fp32: set dtype to fp32",
                       enum_name(config.train.procedure));
  if (config.dtype == Dtype::tf32 && config.device != "auto" && !on_gpu(config))
    return fmt::format("tf32 is a type of CUDA's products, not of {}'s: set dtype to fp32{}", config.device,
                       config.device == "cpu" ? " or bf16" : "");
  if (config.dtype == Dtype::tf32 || chosen_kernels(config) == KernelKind::fused) return "";
  if (config.attention.kind != AttentionKind::dense)
    return "bf16 trains dense attention alone: set dtype to fp32";
  if (config.device == "mps") return "bf16 trains on the CPU and on CUDA, not on mps: set dtype to fp32";
  return "";
}

// What of an encoder the fused kernels do not have; "" where they have all.
std::string without_fused_kernels(const BodyConfig& body) {
  const struct {
    bool asked;
    const char* what;
  } parts[] = {{body.norm == Norm::pre && !body.final_norm, "pre-norm layers without a last norm"},
               {hidden_width(body) == 0, "layers of attention alone"},
               {body.activation == Activation::swiglu, "SwiGLU"},
               {body.normalisation == Normalisation::rms, "RMS norm"},
               {body.positions == Positions::rotary, "rotary positions"},
               {body.qk_norm, "norms of queries and keys"},
               {key_value_heads(body) != body.heads, "grouped key-value heads"},
               {body.dropout_embedding.value_or(0) > 0, "dropout on embeddings"}};
  for (const auto& part : parts)
    if (part.asked) return part.what;
  return "";
}

}  // namespace

std::string why_not_fused(const Config& config) {
  if (config.device != "auto" && config.device != "cpu")
    return fmt::format("the fused kernels run on the CPU, not on {}", config.device);
  if (config.body.kind != BodyKind::encoder) return "there are no fused kernels for the bag";
  if (config.attention.kind != AttentionKind::dense)
    return "there are fused kernels for dense attention alone";
  if (const std::string part = without_fused_kernels(config.body); !part.empty())
    return "there are no fused kernels for " + part;
  if (asks(config.source))
    return fmt::format("the fused kernels score every token, and {} asks for some answers",
                       config.source.kind->name);
  if (config.windows.length > kLongestFusedWindow)
    return fmt::format("the fused kernels take windows of at most {} tokens, not {}", kLongestFusedWindow,
                       config.windows.length);
  return "";
}

std::string why_not_stacked(const Config& config, const Arm& arm) {
  if (!arm.set.empty()) return arm.name + " has settings of its own, and a stack has one for all";
  if (config.device == "mps") return "stacks train on the CPU and on CUDA, not on mps";
  if (config.kernels == KernelKind::fused) return "the fused kernels train one model at a time";
  if (config.dtype == Dtype::bf16 && chosen_kernels(config) == KernelKind::fused)
    return "a stack rounds more in bf16 than the fused kernels, which train what leaves it: set kernels to "
           "reference";
  if (config.attention.kind != AttentionKind::dense) return "stacks train dense attention alone";
  if (!config.optimiser.kind->stacks)
    return std::string(config.optimiser.kind->name) + " updates one model at a time";
  if (asks(config.source))
    return fmt::format("a stack scores every token, and {} asks for some answers", config.source.kind->name);
  if (arm == Arm::tied) return "tied has no weight of the head, which the others of a stack have";
  return "";
}

KernelKind chosen_kernels(const Config& config) {
  if (config.kernels != KernelKind::automatic) return config.kernels;
  return why_not_fused(config).empty() ? KernelKind::fused : KernelKind::reference;
}

std::string KernelsUsed::text() const { return why.empty() ? name : name + " (" + why + ")"; }

KernelsUsed kernels_used(const Config& config, bool stacked) {
  if (stacked) return {"stack", "plain operations, many trials in one step"};
  const KernelKind kernels = chosen_kernels(config);
  if (kernels == KernelKind::fused) return {enum_name(kernels), ""};
  const std::string why = why_not_fused(config);
  return {enum_name(kernels), why.empty() ? "as asked" : why};
}

std::vector<Problem> check_kernels(const Config& config) {
  const std::string why = why_not_fused(config);
  if (config.kernels == KernelKind::fused && !why.empty())
    return {{"/kernels", why + ": set kernels to auto or reference"}};
  const std::string problem = why_not_dtype(config);
  if (!problem.empty()) return {{"/dtype", problem}};
  return {};
}

}  // namespace ate
