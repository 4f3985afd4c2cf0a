// muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon): the matrices of the layers
// (ParameterTensor::matrix_rows) get their momentum with its singular values brought near 1, all else AdamW's update. For
// a matrix of r rows and c columns
//   m <- momentum * m + (1 - momentum) * g;  u = nesterov ? momentum * m + (1 - momentum) * g : m
//   p <- p (1 - rate * weight_decay) - rate * scale * orthogonalised(u),  scale = sqrt(max(1, r / c))
// or, to give an update the size of AdamW's (Liu et al. 2025, Moonlight), scale = .2 sqrt(max(r, c)).
// Matrices that stand on each other in one tensor, as queries, keys and values do, are taken one by one.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "train/optimiser.h"

namespace ate {
namespace {

// Of the layers' matrices the momentum; of the rest AdamW's two moments.
constexpr StateArray kMuonState[] = {{"muon.first_moment"}, {"muon.second_moment"}};

constexpr KindSetting kMuonSettings[] = {
    {"muon_momentum", 0.95, from_to_below(0, 1), "of the layers' matrices"},
    {"muon_nesterov", true, {}, "looks ahead by the momentum"},
    {"muon_as_adamw",
     false,
     {},
     "scales an update by .2 sqrt(max(rows, columns)), to the size of AdamW's (Moonlight), instead of by "
     "sqrt(max(1, rows / columns))"},
    {"adamw_learning_rate", 3e-4, above(0),
     "of tables, head, norms and biases, which AdamW updates with beta1, beta2 and epsilon; moves with the "
     "schedule"},
};

// The quintic Newton-Schulz iteration: about U V^T of the singular value decomposition, with singular values in
// [.7, 1.2].
at::Tensor orthogonalised(const at::Tensor& matrix) {
  constexpr int kIterations = 5;
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = tall ? matrix.t() : matrix;
  x = x / x.norm().clamp_min(1e-7);
  for (int i = 0; i < kIterations; ++i) {
    const at::Tensor gram = x.mm(x.t());
    x = at::addmm(x, at::addmm(gram, gram, gram, kB, kC), x, kA, 1);
  }
  return tall ? x.t() : x;
}

bool decays(const OptimiserConfig& config, const ParameterTensor& tensor) {
  return config.decayed == Decayed::all || tensor.is_matrix();
}

void update_matrices(const OptimiserConfig& config, const ParameterTensor& tensor, Arena& arena,
                     double rate) {
  const double momentum = config.own.real("muon_momentum");
  const auto rows_of = [&](const at::Tensor& flat) {
    return view_of(flat, tensor).view({-1, tensor.shape.back()});
  };
  at::Tensor parameters = rows_of(arena.parameters);
  const at::Tensor gradients = rows_of(arena.gradients);
  at::Tensor mean = rows_of(arena.state[0]);
  mean.lerp_(gradients, 1 - momentum);
  const at::Tensor direction = config.own.flag("muon_nesterov") ? gradients.lerp(mean, momentum) : mean;
  if (decays(config, tensor)) parameters.mul_(1 - rate * config.weight_decay);
  int64_t first = 0;
  for (const int64_t count : tensor.matrix_rows) {
    const auto rows = static_cast<double>(count);
    const auto columns = static_cast<double>(tensor.shape.back());
    const double scale = config.own.flag("muon_as_adamw") ? 0.2 * std::sqrt(std::max(rows, columns))
                                                          : std::sqrt(std::max(1.0, rows / columns));
    parameters.narrow(0, first, count).sub_(orthogonalised(direction.narrow(0, first, count)), rate * scale);
    first += count;
  }
}

void update_rest(const OptimiserConfig& config, const Layout& layout, Arena& arena, double rate,
                 const at::Tensor& number) {
  for (const bool decayed : {true, false})
    for (const Run& run : runs(layout, [&](const ParameterTensor& tensor) {
           return tensor.matrix_rows.empty() && decays(config, tensor) == decayed;
         })) {
      if (!run.value) continue;
      const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, run.offset, run.count); };
      at::_fused_adamw_(part(arena.parameters), part(arena.gradients), part(arena.state[0]),
                        part(arena.state[1]), {}, number, rate, config.beta1, config.beta2,
                        decayed ? config.weight_decay : 0, config.epsilon, /*amsgrad=*/false,
                        /*maximize=*/false);
    }
}

void muon_update(const OptimiserConfig& config, const Layout& layout, Arena& arena, const OptimiserStep& at) {
  for (const ParameterTensor& tensor : layout.tensors)
    if (!tensor.matrix_rows.empty()) update_matrices(config, tensor, arena, at.learning_rate);
  const double own_rate = config.own.real("adamw_learning_rate") * (at.learning_rate / config.learning_rate);
  update_rest(config, layout, arena, own_rate, at.number);
}

std::vector<Problem> check_muon(const Config& config) {
  if (config.body.kind == BodyKind::encoder) return {};
  return {{"/optimiser/kind",
           "muon is for the matrices of layers, which the bag has not: set optimiser.kind=adamw or "
           "body.kind=encoder"}};
}

}  // namespace

extern const OptimiserDescription muon_optimiser;
constinit const OptimiserDescription muon_optimiser = {
    .name = "muon",
    .help = "orthogonalised momentum for the layers' matrices, adamw for the rest (Jordan et al. 2024)",
    .settings = kMuonSettings,
    .state = kMuonState,
    .check = check_muon,
    .update = muon_update,
    .decoupled_decay = true,
};

}  // namespace ate
