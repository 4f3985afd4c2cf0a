#include "study/jobs.h"

#include "catch.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("a trial per core, unless memory holds fewer, and always one", "[study]") {
  CHECK(side_by_side(8, 0, 1e9) == 8);  // unknown memory limits nothing
  CHECK(side_by_side(8, 100'000'000'000, 1e9) == 8);
  CHECK(side_by_side(8, 5'000'000'000, 1e9) == 4);  // four fifths of it
  CHECK(side_by_side(8, 1'000'000, 1e9) == 1);
}

TEST_CASE("a trial takes its four arrays and more with every activation", "[study]") {
  const Config small = tiny_encoder();
  CHECK(trial_bytes(small, 1000) - trial_bytes(small, 0) == 16'000);
  const auto larger = [&](auto&& change) {
    Config config = small;
    change(config);
    return trial_bytes(config, 0) > trial_bytes(small, 0);
  };
  CHECK(larger([](Config& c) { c.windows.batch *= 2; }));
  CHECK(larger([](Config& c) { c.body.layers *= 2; }));
  CHECK(larger([](Config& c) { c.source.vocabulary *= 2; }));
  CHECK(larger([](Config& c) { c.source.tokens *= 2; }));
  CHECK(larger([](Config& c) { c.kernels = KernelKind::reference; }));
}
