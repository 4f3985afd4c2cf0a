#include "catch.h"
#include "helpers/rig.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

// For each position t, how far each position's logits move at most when token t changes: [t][position].
std::vector<std::vector<double>> movements(const Config& config) {
  Rig rig(config, Arm::bespoke, shuffled_bands(config), at::kFloat);
  rig.initialise({5, 0});
  const int64_t length = config.windows.length;
  const at::Tensor tokens = random_windows(config, 4, 3).narrow(1, 0, length).contiguous();
  const at::Tensor logits = rig.model.logits(tokens).detach();
  std::vector<std::vector<double>> moved;
  for (int64_t t = 0; t < length; ++t) {
    at::Tensor changed = tokens.clone();
    changed.select(1, t).add_(1).remainder_(config.source.vocabulary);
    const at::Tensor differences = (rig.model.logits(changed).detach() - logits).abs();
    moved.emplace_back();
    for (int64_t position = 0; position < length; ++position)
      moved.back().push_back(differences.select(1, position).max().item<double>());
  }
  return moved;
}

Config strong_encoder(bool causal) {
  Config config = tiny_encoder();
  config.windows.length = 9;
  config.body.init = Init::framework;
  config.body.causal = causal;
  return config;
}

}  // namespace

TEST_CASE("under the causal mask no logit before a changed token moves by a single bit", "[model]") {
  const auto moved = movements(strong_encoder(true));
  for (size_t t = 0; t < moved.size(); ++t)
    for (size_t position = 0; position < moved.size(); ++position) {
      CAPTURE(t, position);
      CHECK((moved[t][position] == 0) == (position < t));
    }
}

TEST_CASE("without the mask a changed token moves every position", "[model]") {
  for (const auto& row : movements(strong_encoder(false)))
    for (const double movement : row) CHECK(movement > 0);
}

TEST_CASE("a window shorter than the model's is read as its beginning", "[model]") {
  const Config config = strong_encoder(true);
  Rig rig(config, Arm::standard, {}, at::kDouble);
  rig.initialise({5, 0});
  const at::Tensor tokens = random_windows(config, 2, 3).narrow(1, 0, 9).contiguous();
  const at::Tensor whole = rig.model.logits(tokens).detach();
  const at::Tensor part = rig.model.logits(tokens.narrow(1, 0, 4).contiguous()).detach();
  CHECK(largest_difference(part, whole.narrow(1, 0, 4).contiguous()) < 1e-14);
}
