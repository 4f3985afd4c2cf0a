// A teacher read from its checkpoint is the model that was trained.
#include "distil/teacher.h"

#include "catch.h"
#include "config/enum_names.h"
#include "distil/tiny_teacher.h"
#include "train/evaluation.h"
#include "train/trial.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("a teacher's loss is that of its trial, also with unpaired arms and noise rows", "[distil]") {
  for (const bool paired : {true, false}) {
    const TemporaryFolder out;
    Resolved resolved = tiny_distillation({"source.exponent=1.2", "source.tokens=600",
                                           "bands={\"rule\": \"rank_share\", \"high\": 0.2, \"low\": 0.2, "
                                           "\"counted_over\": \"training\", \"unseen\": \"noise\"}",
                                           "study.arms=[\"bespoke\"]"},
                                          "sparse");
    Config& config = resolved.config;
    config.study.paired = paired;
    const auto run = std::make_shared<RunFolder>(out.path(), "run", false);
    const Teacher teacher = train_teacher("zipf", config, at::kCPU, run, 30);
    REQUIRE(teacher.model->plan.noise_rows > 0);  // else the test would say nothing

    Config dense = config;
    dense.attention = {};
    Trial trial(dense, teacher.id, at::kCPU);
    trial.restore(SafetensorsFile(run->checkpoint(teacher.id.text())));
    const Evaluator evaluator(teacher.data, at::kCPU);
    CHECK(evaluator.evaluate(teacher.model->model, trial.progress().epoch - 1, EvaluationPart::test).loss ==
          trial.evaluate().loss);
    CHECK(trial.evaluate().loss == trial.progress().evaluations.back().loss);
  }
}

TEST_CASE("a teacher of pre-norm GELU layers keeps the numbers of before fused kernels had them",
          "[distil]") {
  const auto parameters = [](const std::string& kernels) {
    const TemporaryFolder out;
    Config config = tiny_distillation().config;
    REQUIRE(config.body.norm == Norm::pre);
    config.attention = {};
    for (const auto& [kind, name] : EnumNames<KernelKind>::values)
      if (kernels == name) config.kernels = kind;
    const auto run = std::make_shared<RunFolder>(out.path(), "run", false);
    return train_teacher("recall", config, at::kCPU, run, 30).model->arena.parameters.clone();
  };
  CHECK(at::equal(parameters("auto"), parameters("reference")));
  CHECK(!at::equal(parameters("auto"), parameters("fused")));  // else the test would say nothing
}
