// Gradients against central differences of the training loss, dropout included: in double, at elements drawn
// from every tensor.
#include <cmath>

#include "catch.h"
#include "helpers/bodies.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kDifferenceKey = {21, 0};
constexpr int kElements = 6;  // of each tensor
constexpr uint32_t kStep = 3;

void check_gradients(Config config, Arm arm) {
  config.body.init = Init::framework;
  config.body.dropout = 0.3;
  Rig rig(config, arm, shuffled_bands(config), at::kDouble);
  rig.initialise(kDifferenceKey);
  const at::Tensor windows = random_windows(config, 5, 4);
  const auto loss = [&] { return rig.model.training_loss(windows, kDifferenceKey, kStep); };
  loss().backward();
  auto* parameters = rig.arena.parameters.mutable_data_ptr<double>();
  const auto* gradients = rig.arena.gradients.const_data_ptr<double>();
  for (const ParameterTensor& tensor : rig.layout.tensors)
    for (uint64_t draw = 0; draw < kElements; ++draw) {
      const auto bits = word64(random_block(kDifferenceKey, Purpose::canary, 0, 0, draw), 0);
      const auto i = tensor.offset + static_cast<int64_t>(below(bits, static_cast<uint64_t>(tensor.count())));
      const double kept = parameters[i];
      const double h = 1e-5;
      parameters[i] = kept + h;
      const auto above = loss().value();
      parameters[i] = kept - h;
      const auto beneath = loss().value();
      parameters[i] = kept;
      const double difference = (above - beneath) / (2 * h);
      CAPTURE(tensor.name, i - tensor.offset, difference, gradients[i]);
      CHECK(std::abs(difference - gradients[i]) < 1e-8 + 1e-6 * std::abs(gradients[i]));
    }
  // A loss without any slope would pass all this.
  CHECK(rig.arena.gradients.norm().item<double>() > 0.01);
}

}  // namespace

TEST_CASE("the bag's gradients are the slopes of its loss", "[model]") {
  check_gradients(tiny_bag(), Arm::standard);
  check_gradients(tiny_bag(), Arm::bespoke);
}

TEST_CASE("the encoder's gradients are the slopes of its loss, dropout included", "[model]") {
  check_gradients(tiny_encoder(), Arm::standard);
  check_gradients(tiny_encoder(), Arm::bespoke);
}

TEST_CASE("the gradients of every arm are the slopes of its loss", "[model]") {
  for (const Arm& arm : all_arms()) {
    CAPTURE(enum_name(arm));
    check_gradients(config_for_all_arms(), arm);
  }
}

TEST_CASE("the gradients of every part of today's bodies are the slopes of the loss", "[model]") {
  for (const BodyCase& body : bodies_of_today())
    for (const Arm& arm : {Arm::standard, Arm::tied, Arm::bespoke}) {
      CAPTURE(body.name, enum_name(arm));
      check_gradients(body.config, arm);
    }
}

TEST_CASE("a tied table takes the gradients of both its uses", "[model]") {
  check_gradients(tiny_bag(), Arm::tied);
}

TEST_CASE("gradients with dead rows are the slopes of the loss", "[model]") {
  Config config = tiny_encoder();
  config.embedding.tables = Tables::vocabulary;
  config.embedding.projection_bias = true;
  config.body.causal = false;
  check_gradients(config, Arm::bespoke);
}
