// Models on the flash kernels against the same on plain operations.
#include "model/attention/flash.h"

#include <ATen/Parallel.h>

#include "catch.h"
#include "config/kernels.h"
#include "helpers/attention_kinds.h"
#include "helpers/bodies.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config long_windows(Config config) {
  config.windows.length = kShortestFlashWindow + 30;
  config.body.dropout = 0;
  config.body.init = Init::framework;
  return config;
}

// Loss and gradients of a batch.
struct Pass {
  at::Tensor logits, gradients;
  double loss;
};
Pass pass_of(Config config, KernelKind kernels, at::ScalarType type) {
  config.kernels = kernels;
  Rig rig(config, Arm::standard, shuffled_bands(config), type);
  rig.initialise({3, 0});
  const at::Tensor windows = random_windows(config, 2, 9);
  const TrainingLoss loss = rig.model.training_loss(windows, {3, 0}, 0);
  loss.backward();
  return {rig.model.logits(windows.narrow(1, 0, config.windows.length)).detach(), rig.arena.gradients.clone(),
          loss.value()};
}

void check(const Config& config) {
  // Double runs on plain operations, whatever is asked for.
  const Pass exact = pass_of(config, KernelKind::reference, at::kDouble);
  const Pass plain = pass_of(config, KernelKind::reference, at::kFloat);
  const Pass flash = pass_of(config, KernelKind::automatic, at::kFloat);
  CHECK(largest_difference(flash.logits, exact.logits) < 5e-5);
  CHECK(std::abs(flash.loss - exact.loss) < 1e-5);
  CHECK(largest_difference(flash.gradients, exact.gradients) < 5e-5);
  CHECK(largest_difference(flash.logits, plain.logits) > 0);  // else the kernels were not asked
}

}  // namespace

TEST_CASE("dense attention, windows and blocks on the flash kernels", "[model]") {
  check(long_windows(config_for_all_arms()));
  Config config = long_windows(config_for_all_arms());
  config.body.causal = false;
  check(config);
  check(long_windows(llama_encoder()));
  for (const bool causal : {true, false}) {
    config = long_windows(sparse_encoder(AttentionKind("window"), causal));
    config.attention.k = 20;
    check(config);
    config = long_windows(sparse_encoder(AttentionKind("block_topk"), causal));
    config.attention.own.set("block", int64_t{16});
    config.attention.k = 50;
    check(config);
    config = long_windows(sparse_encoder(AttentionKind("certified"), causal));
    config.attention.own.set("block", int64_t{16});
    check(config);
  }
}

TEST_CASE("short windows, dropped weights and kernels=reference keep the bits of plain operations",
          "[model]") {
  const auto same = [](const Config& config, KernelKind kernels) {
    const Pass plain = pass_of(config, KernelKind::reference, at::kFloat);
    const Pass asked = pass_of(config, kernels, at::kFloat);
    return at::equal(plain.gradients, asked.gradients);
  };
  Config config = long_windows(config_for_all_arms());
  CHECK_FALSE(same(config, KernelKind::automatic));
  config.windows.length = kShortestFlashWindow - 1;
  CHECK(same(config, KernelKind::automatic));
  config = long_windows(config_for_all_arms());
  config.body.dropout_attention = 0.2;
  CHECK(same(config, KernelKind::automatic));
}

TEST_CASE("the number of threads changes no bit but where gradients of queries are summed",
          "[model][threads]") {
  const int before = at::get_num_threads();
  const at::Tensor x = at::randn({3, 1, 2, 200, 16});
  const auto outputs = [&](int threads) {
    at::set_num_threads(threads);
    return flash_attention(x[0], x[1], x[2], true, {.blocks_read = 3, .block = 16});
  };
  CHECK(at::equal(outputs(1), outputs(4)));
  const auto gradient = [&](int threads, size_t of) {
    at::set_num_threads(threads);
    std::vector<at::Tensor> leaves;
    for (int64_t i = 0; i < 3; ++i) leaves.push_back(x[i].clone().requires_grad_());
    flash_attention(leaves[0], leaves[1], leaves[2], true).sin().sum().backward();
    return leaves[of].grad();
  };
  CHECK(at::equal(gradient(1, 1), gradient(4, 1)));
  CHECK(at::equal(gradient(1, 2), gradient(4, 2)));
  CHECK(at::allclose(gradient(1, 0), gradient(4, 0), 1e-5, 1e-6));
  at::set_num_threads(before);
}
