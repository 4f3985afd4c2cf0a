#include "train/optimiser.h"

#include <cmath>

#include "catch.h"
#include "helpers/golden_case.h"
#include "helpers/tiny.h"
#include "train/schedule.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Adam and AdamW with the clip of the whole gradient's norm, from their papers, one parameter at a time.
struct ReferenceOptimiser {
  OptimiserConfig config;
  std::vector<double> parameters, first, second;

  void update(std::vector<double> gradients, double rate, int step) {
    double squares = 0;
    for (const double g : gradients) squares += g * g;
    const double scale =
        config.clip_norm > 0 ? std::min(1.0, config.clip_norm / (std::sqrt(squares) + 1e-6)) : 1.0;
    for (size_t i = 0; i < parameters.size(); ++i) {
      double g = gradients[i] * scale;
      double& p = parameters[i];
      if (config.kind == OptimiserKind::adamw) p -= rate * config.weight_decay * p;
      if (config.kind == OptimiserKind::adam) g += config.weight_decay * p;
      first[i] = config.beta1 * first[i] + (1 - config.beta1) * g;
      second[i] = config.beta2 * second[i] + (1 - config.beta2) * g * g;
      const double corrected_first = first[i] / (1 - std::pow(config.beta1, step));
      const double corrected_second = second[i] / (1 - std::pow(config.beta2, step));
      p -= rate * corrected_first / (std::sqrt(corrected_second) + config.epsilon);
    }
  }
};

// A layout of one tensor.
Layout flat_layout(int64_t count) {
  Layout layout;
  layout.tensors = {{"x", {count}}};
  layout.parameters = count;
  layout.size = count;
  return layout;
}

std::vector<double> values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

// Trains both for a few steps on made-up gradients and compares parameters and moments.
void check_against_reference(const OptimiserConfig& config, double gradient_size) {
  constexpr int64_t kCount = 37;
  const Layout layout = flat_layout(kCount);
  Arena arena(layout, at::TensorOptions(at::kDouble), config.kind->state);
  arena.parameters.copy_(at::sin(at::arange(kCount, at::kDouble)) * 2);
  ReferenceOptimiser reference{config, values(arena.parameters), std::vector<double>(kCount),
                               std::vector<double>(kCount)};
  for (int step = 1; step <= 6; ++step) {
    const double rate = 0.1 / step;
    arena.gradients.copy_(at::cos(at::arange(kCount, at::kDouble) * step) * gradient_size / step);
    reference.update(values(arena.gradients), rate, step);
    update(config, layout, arena, rate, step);
    CAPTURE(step);
    CHECK(largest_difference(arena.parameters, at::tensor(reference.parameters, at::kDouble)) < 1e-13);
    CHECK(largest_difference(arena.state[0], at::tensor(reference.first, at::kDouble)) < 1e-13);
    CHECK(largest_difference(arena.state[1], at::tensor(reference.second, at::kDouble)) < 1e-13);
  }
}

}  // namespace

TEST_CASE("updates are those of the papers' formulas", "[train]") {
  for (const OptimiserKind kind : {OptimiserKind::adam, OptimiserKind::adamw})
    for (const double weight_decay : {0.0, 0.1})
      for (const double clip_norm : {0.0, 1.0}) {
        OptimiserConfig config;
        config.kind = kind;
        config.beta1 = 0.8;
        config.beta2 = 0.95;
        config.epsilon = 1e-3;
        config.weight_decay = weight_decay;
        config.clip_norm = clip_norm;
        CAPTURE(kind->name, weight_decay, clip_norm);
        check_against_reference(config, 3.0);   // the clip cuts
        check_against_reference(config, 0.01);  // it does not
      }
}

TEST_CASE("the clip takes the norm over all tensors and leaves a small gradient alone", "[train]") {
  OptimiserConfig config;
  config.clip_norm = 1.0;
  const Layout layout = flat_layout(4);
  Arena arena(layout, at::TensorOptions(at::kDouble), config.kind->state);
  arena.gradients.copy_(at::tensor({3.0, 0.0, 4.0, 0.0}, at::kDouble));
  update(config, layout, arena, 0.1, 1);
  CHECK(std::abs(arena.gradients.norm().item<double>() - 1) < 1e-6);
  CHECK(std::abs(arena.gradients[0].item<double>() - 0.6) < 1e-6);
  arena.gradients.copy_(at::tensor({0.3, 0.0, 0.4, 0.0}, at::kDouble));
  update(config, layout, arena, 0.1, 2);
  CHECK(arena.gradients[0].item<double>() == 0.3);
}

TEST_CASE("a few updates leave PyTorch's parameters, in double and in float", "[train]") {
  for (const at::ScalarType type : {at::kDouble, at::kFloat})
    for (const std::string& name : kGoldenCases) {
      GoldenCase c(name, type);
      const double tolerance = type == at::kDouble ? 1e-12 : 2e-5;
      const auto& after = c.golden["after_steps"];
      const auto steps = after["steps"].get<int64_t>();
      for (int64_t step = 0; step < steps; ++step) {
        CAPTURE(name, at::toString(type), step);
        const at::Tensor windows = long_tensor(after["windows_per_step"][static_cast<size_t>(step)]);
        c.rig.arena.gradients.zero_();
        const TrainingLoss loss = c.rig.model.training_loss(windows, {0, 0}, 0);
        CHECK(std::abs(loss.value() - after["losses"][static_cast<size_t>(step)].get<double>()) < tolerance);
        loss.backward();
        update(c.rig.config.optimiser, c.rig.layout, c.rig.arena, learning_rate(c.rig.config, step),
               step + 1);
      }
      for (const ParameterTensor& tensor : c.rig.layout.tensors) {
        const double difference = largest_difference(Rig::part(c.rig.arena.parameters, tensor),
                                                     double_tensor(after["parameters"][tensor.name]));
        CAPTURE(name, at::toString(type), tensor.name, difference);
        CHECK(difference < tolerance);
      }
    }
}

TEST_CASE("padding stays zero through updates with decay", "[train]") {
  GoldenCase c("encoder_bespoke_causal", at::kFloat);
  c.rig.model.training_loss(long_tensor(c.golden["windows"]), {0, 0}, 0).backward();
  update(c.rig.config.optimiser, c.rig.layout, c.rig.arena, 0.1, 1);
  for (at::Tensor flat : {c.rig.arena.parameters, c.rig.arena.state[0], c.rig.arena.state[1]}) {
    flat = flat.clone();
    for (const ParameterTensor& tensor : c.rig.layout.tensors) Rig::part(flat, tensor).zero_();
    CHECK(flat.abs().max().item<double>() == 0);
  }
}

namespace {

// A tiny encoder's arena with random parameters and gradients.
struct Updated {
  explicit Updated(const OptimiserConfig& optimiser)
      : config([&] {
          Config out = tiny_encoder();
          out.optimiser = optimiser;
          return out;
        }()),
        rig(config, Arm::bespoke, shuffled_bands(config), at::kDouble) {
    rig.initialise({1, 0});
    for (const ParameterTensor& tensor : rig.layout.tensors)
      Rig::part(rig.arena.gradients, tensor)
          .copy_(at::sin(at::arange(tensor.count(), at::kDouble) * 1.7 + 0.3));
    before = rig.arena.parameters.clone();
    update(config.optimiser, rig.layout, rig.arena, config.optimiser.learning_rate, 1);
    after = rig.arena.parameters;
  }
  at::Tensor change(const ParameterTensor& tensor) const {
    return (view_of(after, tensor) - view_of(before, tensor)).clone();
  }

  Config config;
  Rig rig;
  at::Tensor before, after;
};

OptimiserConfig optimiser_of(OptimiserKind kind) {
  OptimiserConfig out;
  out.kind = kind;
  out.learning_rate = 0.1;
  return out;
}

}  // namespace

TEST_CASE(
    "muon's change of every matrix of a layer has singular values near its rate, of queries, keys and values "
    "apart",
    "[train]") {
  const Updated muon(optimiser_of(OptimiserKind::muon));
  int matrices = 0;
  for (const ParameterTensor& tensor : muon.rig.layout.tensors) {
    if (tensor.matrix_rows.empty()) continue;
    const at::Tensor change = muon.change(tensor).view({-1, tensor.shape.back()});
    int64_t first = 0;
    for (const int64_t rows : tensor.matrix_rows) {
      const at::Tensor values = at::linalg_svdvals(change.narrow(0, first, rows));
      const auto columns = static_cast<double>(tensor.shape.back());
      const double size = 0.1 * std::sqrt(std::max(1.0, static_cast<double>(rows) / columns));
      CAPTURE(tensor.name, first);
      // A matrix of sines has small singular values, which five iterations do not lift all the way.
      CHECK(values.max().item<double>() < 1.3 * size);
      CHECK(values.max().item<double>() > 0.6 * size);
      first += rows;
      ++matrices;
    }
    CHECK(first == change.size(0));
  }
  CHECK(matrices == 2 * (3 + 1 + 2));  // of two layers: q, k, v; out; both of the feed-forward block
}

TEST_CASE(
    "muon leaves tables, head, norms and biases to adamw at its own rate, which moves with the schedule",
    "[train]") {
  OptimiserConfig optimiser = optimiser_of(OptimiserKind::muon);
  optimiser.own.set("adamw_learning_rate", 0.03);
  const Updated muon(optimiser);
  OptimiserConfig other = optimiser_of(OptimiserKind::adamw);
  other.learning_rate = 0.03;
  const Updated adamw(other);
  int rest = 0;
  for (const ParameterTensor& tensor : muon.rig.layout.tensors) {
    if (!tensor.matrix_rows.empty()) continue;
    CAPTURE(tensor.name);
    CHECK(largest_difference(muon.change(tensor), adamw.change(tensor)) < 1e-15);
    ++rest;
  }
  CHECK(rest > 10);
  // Half the rate: half of both.
  Updated half(optimiser);
  half.rig.arena.parameters.copy_(half.before);
  for (at::Tensor& state : half.rig.arena.state) state.zero_();
  update(half.config.optimiser, half.rig.layout, half.rig.arena, 0.05, 1);
  const ParameterTensor& head = half.rig.layout.at("head.weight");
  CHECK(largest_difference(2 * half.change(head), muon.change(head)) < 1e-12);
}

TEST_CASE("decay of matrices leaves vectors alone, and that of all does not, for every optimiser",
          "[train]") {
  for (const OptimiserDescription* kind : registered<OptimiserDescription>()) {
    const auto change = [&](double decay, Decayed decayed) {
      OptimiserConfig optimiser = optimiser_of(OptimiserKind(*kind));
      optimiser.weight_decay = decay;
      optimiser.decayed = decayed;
      optimiser.learning_rate = 0.01;
      return Updated(optimiser);
    };
    const Updated none = change(0, Decayed::all);
    const Updated matrices = change(0.5, Decayed::matrices);
    const Updated all = change(0.5, Decayed::all);
    for (const ParameterTensor& tensor : none.rig.layout.tensors) {
      CAPTURE(kind->name, tensor.name);
      const double of_matrices = largest_difference(matrices.change(tensor), none.change(tensor));
      const double between = largest_difference(matrices.change(tensor), all.change(tensor));
      if (view_of(none.before, tensor).abs().max().item<double>() == 0) continue;  // nothing to decay
      CHECK((of_matrices > 1e-9) == tensor.is_matrix());
      CHECK((between < 1e-12) == tensor.is_matrix());
    }
  }
}
