// Experiments that take milliseconds.
#pragma once

#include "config/config.h"

namespace ate::testing {

// 400 tokens of 20, three epochs of four steps, an evaluation after each epoch.
inline Config tiny_bag() {
  Config config;
  config.name = "tiny";
  config.device = "cpu";
  config.source.vocabulary = 20;
  config.source.exponent = 1.1;
  config.source.tokens = 400;
  config.source.train_share = 0.75;
  config.windows = {6, 4, 4};
  config.bands.rule = BandRule::rank_count;
  config.bands.high = 4;
  config.bands.low = 6;
  config.body.width = 8;
  config.optimiser.learning_rate = 0.01;
  config.schedule.epochs = 3;
  config.evaluation.every = 1;
  config.study.seeds = {0, 1};
  return config;
}

// The same with two encoder layers and everything they can have.
inline Config tiny_encoder() {
  Config config = tiny_bag();
  config.embedding = {
      .high = 1.5, .mid = 1.0, .low = 0.5, .widths = {}, .projection_bias = false, .tables = Tables::band};
  config.body.kind = BodyKind::encoder;
  config.body.layers = 2;
  config.body.heads = 2;
  config.body.feedforward = 2;
  config.body.positions = Positions::learned;
  config.body.final_norm = true;
  config.body.init = Init::normal;
  config.optimiser.kind = OptimiserKind::adamw;
  config.optimiser.weight_decay = 0.01;
  config.optimiser.clip_norm = 1.0;
  config.schedule.decay = Decay::cosine;
  return config;
}

}  // namespace ate::testing
