// What a profile sees of a fused step, and that it changes nothing.
#include <set>

#include "catch.h"
#include "helpers/arms.h"
#include "helpers/fused.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("a profiled step gives the same gradients, and names every part that it has", "[model]") {
  Config config = tiny_encoder();
  config.body.dropout = 0.1;
  for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
    Rig rig(config, Arm::bespoke, shuffled_bands(config), at::kFloat);
    rig.initialise({1, 0});
    const at::Tensor windows = random_windows(config, config.windows.batch, 3);
    const auto step = fused_step(rig, {}, dtype);
    const auto* const tokens = windows.const_data_ptr<int64_t>();
    const double loss = step->loss_and_gradients(tokens, {1, 0}, 0);
    const at::Tensor gradients = rig.arena.gradients.clone();

    Profile profile;
    step->set_profile(&profile);
    CHECK(step->loss_and_gradients(tokens, {1, 0}, 0) == loss);
    CHECK(at::equal(rig.arena.gradients, gradients));
    step->update(config.optimiser, 1e-3, 1);
    std::set<StepPart> parts;
    int64_t end = 0;
    for (const Profile::Span& span : profile.spans()) {
      parts.insert(span.part);
      CHECK(span.begin >= end);
      end = span.end;
    }
    CHECK(parts.size() == kStepParts.size());
    CHECK(profile.spans().front().part == StepPart::embedding);
    CHECK(profile.spans().back().part == StepPart::optimiser);

    const size_t seen = profile.spans().size();
    step->set_profile(nullptr);
    (void)step->loss_and_gradients(tokens, {1, 0}, 1);
    CHECK(profile.spans().size() == seen);
  }
}
