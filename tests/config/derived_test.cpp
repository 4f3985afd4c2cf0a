#include "config/derived.h"

#include "catch.h"

using namespace ate;

TEST_CASE("products that fall just short of a whole number are that number", "[config]") {
  CHECK(100 * 0.29 < 29);  // in binary; people mean 29
  CHECK(floor_product(100, 0.29) == 29);
  CHECK(floor_product(200'000, 0.85) == 170'000);
  CHECK(floor_product(10, 0.39) == 3);
  CHECK(floor_product(1000, 0.9999) == 999);
}

TEST_CASE("band widths are rounded down, as the published tables have them", "[config]") {
  BodyConfig body;
  body.width = 128;
  CHECK(band_width(1.4, body) == 179);
  CHECK(band_width(1.0, body) == 128);
  CHECK(band_width(0.6, body) == 76);
  body.width = 64;
  CHECK(band_width(2.0, body) == 128);
  CHECK(band_width(0.25, body) == 16);
}

TEST_CASE("an epoch has as many steps as asked for, but not more than the training part has windows",
          "[config]") {
  Config config;
  config.source.tokens = 10'000;
  config.source.train_share = 0.8;
  config.windows.length = 16;
  config.windows.batches_per_epoch = 50;
  CHECK(training_tokens(config.source) == 8000);
  CHECK(steps_per_epoch(config) == 50);
  config.windows.batches_per_epoch = 1'000'000;
  CHECK(steps_per_epoch(config) == 498);  // (8000 - 16 - 1) / 16
  config.source.tokens = 10;
  config.windows.length = 3;
  CHECK(steps_per_epoch(config) == 1);  // (8 - 3 - 1) / 3
}

TEST_CASE("the bag predicts one token per window, the encoder one per position", "[config]") {
  Config config;
  config.windows.length = 16;
  config.body.kind = BodyKind::bag;
  CHECK(targets_per_window(config) == 1);
  config.body.kind = BodyKind::encoder;
  CHECK(targets_per_window(config) == 16);
}
