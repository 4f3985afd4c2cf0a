// The presets against the table of their published protocol, written out here a second time by hand.
#include "catch.h"
#include "config/derived.h"
#include "config/leaves.h"
#include "config/resolve.h"
#include "data/corpus.h"
#include "helpers/preset_choice.h"

using namespace ate;
using namespace ate::testing;

namespace {

Json preset(const std::string& name, const std::string& mode) {
  return resolve({name, "", {"mode=" + mode}, {}}).document;
}

// Checks that `actual` has every value of `expected`.
void check_holds(const Json& actual, const char* expected) {
  std::map<std::string, Json> leaves;
  collect_leaves(Json::parse(expected), "", leaves);
  for (const auto& [pointer, value] : leaves) {
    CAPTURE(pointer);
    const Json::json_pointer where(pointer);
    REQUIRE(actual.contains(where));
    CHECK(actual[where] == value);
  }
}

constexpr const char* kFocused = R"({
  "name": "focused",
  "source": {"kind": "zipf_iid", "vocabulary": 200, "exponent": 1.4, "tokens": 10000, "train_share": 0.8},
  "windows": {"length": 16, "batch": 8, "batches_per_epoch": 50},
  "bands": {"rule": "rank_count", "high": 20, "low": 50},
  "embedding": {"high": 2.0, "mid": 1.0, "low": 0.25, "projection_bias": true},
  "body": {"kind": "bag", "width": 64, "init": "framework"},
  "optimiser": {"kind": "adam", "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
                "weight_decay": 0, "clip_norm": 0},
  "schedule": {"epochs": 50, "decay": "constant", "early_stop_evaluations": 0},
  "evaluation": {"every": 10, "batches": 10},
  "seed_criteria": {"loss_ratio_below": 0.85, "parameter_ratio_below": 3.0, "both_improve": true,
                    "evaluations_at_least": null, "settled_within": null}
})";

constexpr const char* kMedium = R"({
  "name": "medium",
  "source": {"kind": "zipf_iid", "vocabulary": 500, "exponent": 1.3, "tokens": 50000, "train_share": 0.85},
  "windows": {"length": 32, "batch": 16, "batches_per_epoch": 200},
  "bands": {"rule": "cumulative_share", "high": 0.6, "low": 0.15},
  "embedding": {"high": 1.5, "mid": 1.0, "low": 0.5, "projection_bias": false},
  "body": {"kind": "encoder", "width": 128, "layers": 1, "heads": 4, "feedforward": 2, "positions": "none",
           "final_norm": false, "dropout": 0.1, "init": "framework"},
  "optimiser": {"kind": "adamw", "learning_rate": 0.0005, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
                "weight_decay": 0.01, "clip_norm": 1.0},
  "schedule": {"epochs": 100, "decay": "cosine", "early_stop_evaluations": 0},
  "evaluation": {"every": 20, "batches": 30},
  "seed_criteria": {"loss_ratio_below": 0.9, "parameter_ratio_below": 2.5, "both_improve": true,
                    "evaluations_at_least": null, "settled_within": null}
})";

constexpr const char* kLong = R"({
  "name": "long",
  "source": {"kind": "zipf_iid", "vocabulary": 1000, "exponent": 1.2, "tokens": 100000, "train_share": 0.8},
  "windows": {"length": 64, "batch": 16, "batches_per_epoch": 1000},
  "bands": {"rule": "cumulative_share", "high": 0.7, "low": 0.1},
  "embedding": {"high": 1.3, "mid": 1.0, "low": 0.6, "projection_bias": false},
  "body": {"kind": "encoder", "width": 256, "layers": 6, "heads": 8, "feedforward": 4, "positions": "learned",
           "final_norm": true, "dropout": 0.1, "init": "normal"},
  "optimiser": {"kind": "adamw", "learning_rate": 0.0001, "weight_decay": 0.01, "clip_norm": 1.0},
  "schedule": {"epochs": 500, "decay": "cosine", "early_stop_evaluations": 10, "early_stop_gain": 0.001},
  "evaluation": {"every": 50, "batches": 50},
  "seed_criteria": {"loss_ratio_below": 0.95, "parameter_ratio_below": 2.0, "both_improve": null,
                    "evaluations_at_least": 10, "settled_within": null}
})";

constexpr const char* kDefinitive = R"({
  "name": "definitive",
  "source": {"kind": "zipf_iid", "vocabulary": 1000, "exponent": 1.2, "tokens": 200000, "train_share": 0.85},
  "windows": {"length": 32, "batch": 16, "batches_per_epoch": 500},
  "bands": {"rule": "rank_share", "high": 0.1, "low": 0.2},
  "embedding": {"high": 1.4, "mid": 1.0, "low": 0.6, "projection_bias": false},
  "body": {"kind": "encoder", "width": 128, "layers": 4, "heads": 8, "feedforward": 4, "positions": "learned",
           "final_norm": true, "dropout": 0.1, "init": "normal"},
  "optimiser": {"kind": "adamw", "learning_rate": 0.0001, "weight_decay": 0.01, "clip_norm": 1.0},
  "schedule": {"epochs": 700, "decay": "cosine", "early_stop_evaluations": 0},
  "evaluation": {"every": 50, "batches": 100},
  "seed_criteria": {"loss_ratio_below": 0.9, "parameter_ratio_below": 2.0, "both_improve": null,
                    "evaluations_at_least": 10, "settled_within": 0.1}
})";

const std::map<std::string, const char*> kTable = {
    {"focused", kFocused}, {"medium", kMedium}, {"long", kLong}, {"definitive", kDefinitive}};

}  // namespace

TEST_CASE(
    "the presets are the four validations, from the smallest to the largest, two of ate train, and two of "
    "others",
    "[config]") {
  std::vector<std::string> names;
  for (const Preset& one : presets()) names.push_back(one.name);
  CHECK(names == std::vector<std::string>{"focused", "medium", "long", "definitive", "sparse",
                                          "sparse-frontier", "demo", "nanogpt-shakespeare-char-cpu",
                                          "zoology-mqar"});
}

TEST_CASE("the sparse preset is the seed's pipeline", "[config]") {
  check_holds(preset("sparse", "corrected"), R"({
    "source": {"kind": "zipf_iid", "vocabulary": 64, "exponent": 0, "tokens": 50000},
    "windows": {"length": 64, "batch": 32},
    "body": {"kind": "encoder", "width": 128, "layers": 2, "heads": 2, "norm": "pre", "activation": "gelu"},
    "attention": {"kind": "mlp_topk", "k": 3, "hidden": 64, "heads": 1, "layers": 1},
    "optimiser": {"kind": "adamw", "learning_rate": 0.003},
    "train": {"procedure": "pipeline", "collect_batches": 32, "selector_steps": 400,
              "approximator_steps": 600}})");
  const Config config = resolve({"sparse", "", {}, {}}).config;
  CHECK(config.schedule.epochs * steps_per_epoch(config) == 300);
}

TEST_CASE("presets of others' experiments have their settings", "[config]") {
  check_holds(resolve(PresetChoice()("nanogpt-shakespeare-char-cpu", "corrected")).document, R"({
    "source": {"kind": "text", "format": "characters", "vocabulary": 65, "train_share": 0.9},
    "windows": {"length": 64, "batch": 12},
    "body": {"width": 128, "layers": 4, "heads": 4, "feedforward": 4, "norm": "pre", "activation": "gelu",
             "positions": "learned", "final_norm": true, "bias": false, "dropout": 0, "init": "gpt2"},
    "optimiser": {"kind": "adamw", "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.1,
                  "decayed": "matrices", "clip_norm": 1},
    "schedule": {"decay": "cosine", "unit": "step", "warmup_steps": 100, "minimum_share": 0.1}})");
  CHECK(steps_in_all(resolve(PresetChoice()("nanogpt-shakespeare-char-cpu", "corrected")).config) == 2000);
  const Resolved mqar = resolve({"zoology-mqar", "", {}, {}});
  check_holds(mqar.document, R"({
    "source": {"kind": "mqar", "vocabulary": 8192, "pairs": 4, "power": 0.01},
    "windows": {"length": 64, "batch": 512},
    "body": {"width": 64, "layers": 2, "heads": 1, "feedforward": 0, "norm": "pre", "positions": "learned",
             "final_norm": true, "dropout": 0, "dropout_attention": 0.1, "dropout_embedding": 0.1, "init": "gpt2"},
    "optimiser": {"kind": "adamw", "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.1, "clip_norm": 0},
    "schedule": {"epochs": 64, "decay": "cosine", "early_stop_accuracy": 0.99}})");
  const Corpus corpus = make_corpus(mqar.config.source, 0);
  CHECK(corpus.training / 64 == 100'000);
  CHECK(corpus.size() / 64 - corpus.training / 64 == 6000);  // 3,000 to tune on and 3,000 to test
}

TEST_CASE("each preset has the values of its published protocol in both modes", "[config]") {
  for (const auto& [name, expected] : kTable)
    for (const char* mode : {"corrected", "published"}) {
      CAPTURE(name, mode);
      check_holds(preset(name, mode), expected);
    }
}

TEST_CASE("corrected mode is causal and paired, and looks at no validation token before it scores them",
          "[config]") {
  for (const auto& [name, ignored] : kTable) {
    CAPTURE(name);
    check_holds(preset(name, "corrected"), R"({
      "mode": "corrected", "body": {"causal": true}, "evaluation": {"windows": "whole"},
      "study": {"paired": true}, "bands": {"counted_over": "training", "unseen": "low"},
      "embedding": {"tables": "band"}})");
  }
  CHECK(preset("focused", "corrected")["study"]["seeds"] == "0..9");
  CHECK(preset("medium", "corrected")["study"]["seeds"] == "0..9");
  CHECK(preset("long", "corrected")["study"]["seeds"] == "0..2");
  CHECK(preset("definitive", "corrected")["study"]["seeds"] == "0..2");
}

TEST_CASE("published mode is what the scripts ran", "[config]") {
  for (const auto& [name, ignored] : kTable) {
    CAPTURE(name);
    check_holds(preset(name, "published"), R"({
      "mode": "published", "body": {"causal": false}, "evaluation": {"windows": "sampled"},
      "study": {"paired": false, "seeds": "0"}, "bands": {"counted_over": "corpus"}})");
    CHECK(preset(name, "published")["embedding"]["tables"] == (name == "focused" ? "vocabulary" : "band"));
  }
  CHECK(preset("focused", "published")["bands"]["unseen"] == "mid");
  CHECK(preset("medium", "published")["bands"]["unseen"] == "noise");
  CHECK(preset("long", "published")["bands"]["unseen"] == "noise");
  CHECK(preset("definitive", "published")["bands"]["unseen"] == "mid");
}

TEST_CASE("both arms are compared, standard first", "[config]") {
  for (const auto& [name, ignored] : kTable)
    CHECK(preset(name, "corrected")["study"]["arms"] == Json{"standard", "bespoke"});
}

TEST_CASE("an epoch has the published number of steps, bounded by the training part", "[config]") {
  const std::map<std::string, int64_t> steps = {
      {"focused", 50}, {"medium", 200}, {"long", 1000}, {"definitive", 500}};
  for (const auto& [name, expected] : steps)
    CHECK(steps_per_epoch(resolve({name, "", {}, {}}).config) == expected);
}

TEST_CASE("the definitive preset's bands are 179, 128 and 76 columns wide", "[config]") {
  const Config config = resolve({"definitive", "", {}, {}}).config;
  CHECK(band_width(config.embedding.high, config.body) == 179);
  CHECK(band_width(config.embedding.mid, config.body) == 128);
  CHECK(band_width(config.embedding.low, config.body) == 76);
}
