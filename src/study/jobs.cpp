#include "study/jobs.h"

#include <algorithm>

#include "config/derived.h"
#include "config/kernels.h"

namespace ate {

double trial_bytes(const Config& config, int64_t parameters) {
  constexpr double kFloat = sizeof(float);
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  const bool encoder = config.body.kind == BodyKind::encoder;
  const double length = number(config.windows.length);
  const double predictions = number(targets_per_window(config));
  const double rows = number(config.windows.batch) * (encoder ? length : 1);
  const double width = number(config.body.width);
  // Of each layer, for a row: queries, keys, values, the streams and their norms, the hidden activations, and the
  // attention weights of every head. Autograd keeps each a few times over, before and after masks and biases.
  const double layer =
      encoder ? (10 + 2 * number(config.body.feedforward)) * width + 2 * number(config.body.heads) * length
              : 2 * width;
  const double copies = chosen_kernels(config) == KernelKind::fused ? 1 : 3;
  const double logits = 2 * number(config.source.vocabulary);
  const double training = copies * rows * (number(config.body.layers) * layer + logits);
  // Logits, their logarithms, and the law beside them in double.
  const double evaluation = number(kEvaluationBatch) * predictions * number(config.source.vocabulary) * 8;
  const double corpus = config.source.kind == SourceKind::text ? 0 : number(config.source.tokens);
  return kFloat * (4 * number(parameters) + training + evaluation + corpus);
}

int side_by_side(int cores, int64_t memory, double bytes_per_trial) {
  if (memory <= 0) return cores;
  const double fitting = 0.8 * static_cast<double>(memory) / bytes_per_trial;
  return static_cast<int>(std::clamp(fitting, 1.0, static_cast<double>(cores)));
}

}  // namespace ate
