// Fused and reference over 500 steps with dropout: rounding must not drive them apart.
#include <cmath>

#include "catch.h"
#include "config/resolve.h"
#include "helpers/trials.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("the loss curves of fused and reference agree to 1e-4 over 500 steps with dropout",
          "[train][slow]") {
  for (const char* preset : {"medium", "definitive"})
    for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
      Config config =
          resolve({preset, "", {"windows.batches_per_epoch=20", "schedule.epochs=25", "device=cpu"}, {}})
              .config;
      REQUIRE(config.body.dropout == 0.1);
      std::vector<double> curves[2];
      for (const KernelKind kernels : {KernelKind::fused, KernelKind::reference}) {
        config.kernels = kernels;
        Trial trial = make_trial(config, arm);
        while (!trial.ended()) trial.advance();
        curves[kernels == KernelKind::fused ? 0 : 1] = trial.progress().train_losses;
      }
      REQUIRE(curves[0].size() == 25);
      double largest = 0;
      for (size_t i = 0; i < 25; ++i) largest = std::max(largest, std::abs(curves[0][i] - curves[1][i]));
      CAPTURE(preset, enum_name(arm), largest);
      CHECK(largest < 1e-4);
    }
}
