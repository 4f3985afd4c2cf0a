// The models against what PyTorch's own modules computed in double: losses, and the gradient of every tensor.
#include "catch.h"
#include "helpers/golden_case.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Where the tensor with the largest difference differs how much: shown when a check fails.
void check_gradients(const GoldenCase& c, double tolerance) {
  for (const ParameterTensor& tensor : c.rig.layout.tensors) {
    const at::Tensor expected = double_tensor(c.golden["gradients"][tensor.name]);
    const at::Tensor found = Rig::part(c.rig.arena.gradients, tensor);
    const double difference = largest_difference(found, expected);
    CAPTURE(tensor.name, difference, tolerance);
    CHECK(difference <= tolerance);
  }
}

void check_case(const std::string& name, at::ScalarType type, double tolerance) {
  GoldenCase c(name, type);
  const at::Tensor windows = long_tensor(c.golden["windows"]);
  const at::Tensor losses = c.rig.model.losses(windows);
  const double difference = largest_difference(losses.detach(), double_tensor(c.golden["losses"]));
  CAPTURE(name, at::toString(type), difference, tolerance);
  CHECK(difference <= tolerance);

  const TrainingLoss loss =
      c.rig.model.training_loss(windows, {0, 0}, 0);  // without dropout: these cases have none
  CHECK(std::abs(loss.value() - c.golden["loss"].get<double>()) <= tolerance);
  loss.backward();
  check_gradients(c, tolerance);
}

}  // namespace

TEST_CASE("losses and every gradient are PyTorch's, in double", "[model]") {
  for (const std::string& name : kGoldenCases) check_case(name, at::kDouble, 1e-12);
}

TEST_CASE("losses and every gradient are PyTorch's, in float", "[model]") {
  for (const std::string& name : kGoldenCases) check_case(name, at::kFloat, 1e-5);
}

TEST_CASE("parameters have PyTorch's names, shapes and order", "[model]") {
  for (const std::string& name : kGoldenCases) {
    const GoldenCase c(name, at::kDouble);
    CAPTURE(name);
    REQUIRE(c.rig.layout.tensors.size() == c.golden["parameters"].size());
    size_t i = 0;
    for (const auto& [tensor_name, tensor] : c.golden["parameters"].items()) {
      CHECK(c.rig.layout.tensors[i].name == tensor_name);
      CHECK(c.rig.layout.tensors[i].shape == tensor["shape"].get<std::vector<int64_t>>());
      ++i;
    }
  }
}

TEST_CASE("the golden losses are cross-entropies of the logits", "[model]") {
  for (const std::string& name : kGoldenCases) {
    const GoldenCase c(name, at::kDouble);
    CAPTURE(name);
    const at::Tensor windows = long_tensor(c.golden["windows"]);
    const int64_t length = c.rig.config.windows.length;
    const at::Tensor logits = c.rig.model.logits(windows.narrow(1, 0, length));
    const at::Tensor targets = windows.narrow(1, length + 1 - logits.size(1), logits.size(1));
    const at::Tensor chosen = at::log_softmax(logits, -1).gather(2, targets.unsqueeze(-1));
    CHECK(largest_difference(-chosen.detach(), double_tensor(c.golden["losses"])) < 1e-13);
  }
}
