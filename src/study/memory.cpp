#include "study/memory.h"

#include <algorithm>

#include "config/derived.h"
#include "config/kernels.h"

namespace ate {

double trial_bytes(const Config& config, int64_t parameters) {
  constexpr double kFloat = sizeof(float);
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  const bool encoder = config.body.kind == BodyKind::encoder;
  const double length = number(config.windows.length);
  const double scored = scored_per_window(config);
  const double rows = number(config.windows.batch) * (encoder ? length : 1);
  const double width = number(config.body.width);
  // Of each layer, for a row: queries, keys, values, the streams and their norms, the hidden activations, and the
  // attention weights of every head. Autograd keeps each a few times over, before and after masks and biases.
  constexpr double kAutograd = 3;
  const double copies = chosen_kernels(config) == KernelKind::fused ? 1 : kAutograd;
  const double hidden =
      number(hidden_width(config.body)) * (config.body.activation == Activation::swiglu ? 2 : 1);
  double layer = copies * 2 * width;
  if (encoder) {
    const AttentionKernels attention = attention_kernels(config, 0);
    const double of_weights = attention == AttentionKernels::flash   ? 0
                              : attention == AttentionKernels::fused ? 1
                                                                     : kAutograd;
    layer = copies * (10 * width + 2 * hidden) + of_weights * 2 * number(config.body.heads) * length;
  }
  const double logits = 2 * number(config.source.vocabulary);
  const double training =
      rows * number(config.body.layers) * layer + copies * number(config.windows.batch) * scored * logits;
  // Logits, their logarithms, and the law beside them in double.
  const double evaluation = number(kEvaluationBatch) * scored * number(config.source.vocabulary) * 8;
  const double corpus =
      config.source.kind->in_file ? 0 : number(config.source.tokens) * (asks(config.source) ? 2 : 1);
  const double arrays =
      config.optimiser.accumulate > 1 ? 5 : 4;  // parameters, gradients and their sum, moments
  return kFloat * (arrays * number(parameters) + training + evaluation + corpus);
}

double stacked_trial_bytes(const Config& config, int64_t parameters) {
  const BodyConfig& body = config.body;
  const auto tokens = static_cast<double>(config.windows.batch * config.windows.length);
  const auto d = static_cast<double>(body.width);
  const double per_layer = 20 * d + 6 * static_cast<double>(hidden_width(body)) +
                           6 * static_cast<double>(body.heads * config.windows.length);
  const double layers = body.kind == BodyKind::encoder ? static_cast<double>(body.layers) : 0;
  const double logits = 4 * static_cast<double>(config.source.vocabulary);
  return 4 * (7 * static_cast<double>(parameters) + tokens * (layers * per_layer + logits + 30 * d));
}

int trials_that_fit(double memory, double bytes_per_trial, int most) {
  if (memory <= 0) return most;
  return static_cast<int>(std::clamp(memory / bytes_per_trial, 1.0, static_cast<double>(most)));
}

}  // namespace ate
