#include "bench/products.h"

#include "catch.h"
#include "config/resolve.h"
#include "data/corpus.h"
#include "kernels/cpu/kernels.h"
#include "model/flops.h"

using namespace ate;

TEST_CASE("the products of a step have the operations that training is counted with, less attention",
          "[bench]") {
  const Config config = resolve({"definitive", "", {"source.tokens=20000"}, {}}).config;
  const Corpus corpus = make_corpus(config.source, 0);
  for (const Arm& arm : {Arm::standard, Arm::tied, Arm::bespoke, Arm("adaptive")}) {
    const EmbeddingPlan plan = plan_embedding(config, arm, corpus, 0);
    double sum = 0;
    for (const ProductShape& shape : step_products(config, plan))
      sum += static_cast<double>(shape.times) * shape.flops();
    const auto rows = static_cast<double>(config.windows.batch * config.windows.length);
    const double attention =
        3 * static_cast<double>(config.body.layers * config.body.heads) * AttentionKind::dense->flops(config);
    CHECK(sum == Approx(rows * (training_flops_per_token(config, plan) - attention)));
  }
}

TEST_CASE("the peak's loop does the multiply-adds that it reports", "[bench]") {
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    float sums[16] = {};
    constexpr int64_t kRounds = 100;
    const int64_t operations = set.fp32->multiply_adds(kRounds, sums);
    // x -> x / 2 + 1 ends at 2, in each of the independent sums.
    const double independent = static_cast<double>(operations) / (2 * 16 * kRounds);
    CHECK(independent >= 1);
    for (const float sum : sums) CHECK(static_cast<double>(sum) == Approx(2 * independent));
  }
}

TEST_CASE("a rate is a positive number, whatever the type", "[bench]") {
  const ProductShape small = {"small", kernels::Form::tn, 32, 48, 16};
  CHECK(product_rate(small, Dtype::fp32, 1) > 0);
  CHECK(product_rate(small, Dtype::bf16, 1) > 0);
}
