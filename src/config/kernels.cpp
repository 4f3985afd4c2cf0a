#include "config/kernels.h"

#include <fmt/format.h>

#include <algorithm>

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
    return "by plain operations bf16 trains dense attention alone: set dtype to fp32";
  if (config.device == "mps") return "bf16 trains on the CPU and on CUDA, not on mps: set dtype to fp32";
  return "";
}

// "dense attention on the flash kernels", for each kind that these compute in some layer, and likewise "by plain operations"
// where the fused kernels compute the rest.
std::string attention_clauses(const Config& config) {
  std::string told;
  if (config.body.kind != BodyKind::encoder) return told;
  for (int64_t layer = 0; layer < config.body.layers; ++layer) {
    const AttentionKernels kernels = attention_kernels(config, layer);
    if (kernels == AttentionKernels::fused) continue;
    if (kernels == AttentionKernels::plain && chosen_kernels(config) == KernelKind::reference) continue;
    const std::string clause = fmt::format(
        "{} attention {}", sparse_heads(config, layer) > 0 ? config.attention.kind->name : "dense",
        kernels == AttentionKernels::flash ? "on the flash kernels" : "by plain operations");
    if (told.find(clause) == std::string::npos) told += (told.empty() ? "" : ", ") + clause;
  }
  return told;
}

}  // namespace

std::string why_not_fused(const Config& config) {
  if (config.device != "auto" && config.device != "cpu")
    return fmt::format("the fused kernels run on the CPU, not on {}", config.device);
  if (config.body.kind != BodyKind::encoder) return "there are no fused kernels for the bag";
  if (asks(config.source))
    return fmt::format("the fused kernels score every token, and {} asks for some answers",
                       config.source.kind->name);
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

bool flash_wanted(const Config& config) {
  return config.kernels != KernelKind::reference && config.windows.length >= kShortestFlashWindow;
}

AttentionKernels attention_kernels(const Config& config, int64_t layer) {
  const bool on_cpu = config.device == "auto" || config.device == "cpu";
  const bool drops = config.body.dropout_attention.value_or(config.body.dropout) > 0;
  const bool sparse = sparse_heads(config, layer) > 0;
  const AttentionKind& kind = sparse ? config.attention.kind : AttentionKind::dense;
  const bool fused = chosen_kernels(config) == KernelKind::fused;
  const bool flash = on_cpu && flash_wanted(config) && !drops && (fused || config.dtype == Dtype::fp32) &&
                     kind->has_flash != nullptr && kind->has_flash(config);
  if (fused && !sparse && !(flash && config.windows.length > kLongestFusedWindow))
    return AttentionKernels::fused;
  return flash ? AttentionKernels::flash : AttentionKernels::plain;
}

std::string KernelsUsed::text() const { return why.empty() ? name : name + " (" + why + ")"; }

KernelsUsed kernels_used(const Config& config, bool stacked) {
  if (stacked) return {"stack", "plain operations, many trials in one step"};
  const KernelKind kernels = chosen_kernels(config);
  const std::string attention = attention_clauses(config);
  if (kernels == KernelKind::fused) return {enum_name(kernels), attention};
  const std::string why = why_not_fused(config);
  return {enum_name(kernels), (why.empty() ? "as asked" : why) + (attention.empty() ? "" : ", " + attention)};
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
