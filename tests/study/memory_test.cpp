#include "study/memory.h"

#include "catch.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("without dropped weights, what long windows keep grows no faster than they do", "[study]") {
  const auto bytes = [](int64_t length, double dropout) {
    Config config = tiny_encoder();
    config.windows.length = length;
    config.body.dropout = dropout;
    return trial_bytes(config, 0);
  };
  CHECK(bytes(4096, 0) < 4.1 * bytes(1024, 0));
  CHECK(bytes(4096, 0.1) > 8 * bytes(1024, 0.1));
}

TEST_CASE("as many trials as are wanted, unless memory holds fewer, and always one", "[study]") {
  CHECK(trials_that_fit(0, 1e9, 8) == 8);  // unknown memory limits nothing
  CHECK(trials_that_fit(100e9, 1e9, 8) == 8);
  CHECK(trials_that_fit(4.5e9, 1e9, 8) == 4);
  CHECK(trials_that_fit(1e6, 1e9, 8) == 1);
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
  CHECK(larger([](Config& c) { c.attention.kind = AttentionKind("lowrank_topk"); }));
  CHECK(stacked_trial_bytes(small, 1000) - stacked_trial_bytes(small, 0) == 28'000);
}
