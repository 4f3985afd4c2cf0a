// Going on with a text: a cache against whole windows, and draws against their law.
#include "model/decoder.h"

#include <cmath>
#include <limits>

#include "catch.h"
#include "helpers/attention_kinds.h"
#include "helpers/bodies.h"
#include "helpers/rig.h"
#include "support/error.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::unique_ptr<Rig> decoder_rig(Config config, Arm arm = Arm::standard, at::ScalarType type = at::kDouble) {
  config.body.init = Init::framework;
  auto rig = std::make_unique<Rig>(config, arm, shuffled_bands(config), type);
  rig->initialise({7, 0});
  return rig;
}

// Logits of the token after `tokens`, of which the window holds all, without a decoder.
at::Tensor after(const Rig& rig, const std::vector<int64_t>& tokens) {
  const at::Tensor all = rig.model.logits(at::tensor(tokens, at::kLong).unsqueeze(0));
  return all.select(1, -1).flatten().detach();
}

std::vector<int64_t> some_tokens(const Config& config, int64_t count) {
  std::vector<int64_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back((i * i + 3 * i + 1) % config.source.vocabulary);
  return tokens;
}

}  // namespace

TEST_CASE("logits from a cache are those of the whole window, in every body", "[model]") {
  std::vector<BodyCase> bodies = bodies_of_today();
  bodies.push_back({"learned positions", config_for_all_arms()});
  bodies.back().config.body.positions = Positions::learned;
  for (BodyCase& body : bodies) {
    CAPTURE(body.name);
    body.config.body.dropout = 0.3;  // none of which may happen here
    const std::unique_ptr<Rig> rig = decoder_rig(body.config, Arm("bespoke"));
    REQUIRE(rig->model.can_cache());
    const int64_t length = body.config.windows.length;
    const std::vector<int64_t> tokens = some_tokens(body.config, length);
    Decoder decoder(rig->model, rig->config, at::kCPU);
    decoder.read(std::span(tokens).first(3));  // several at once, then one by one
    for (int64_t n = 3;; ++n) {
      CAPTURE(n);
      CHECK(largest_difference(decoder.logits(), after(*rig, {tokens.begin(), tokens.begin() + n})) < 1e-12);
      if (n == length) break;
      decoder.read(std::span(tokens).subspan(static_cast<size_t>(n), 1));
    }
  }
}

TEST_CASE("a full window forgets its oldest quarter, and a long prompt all but what is left then",
          "[model]") {
  Config config = config_for_all_arms();
  config.body.positions = Positions::learned;
  const std::unique_ptr<Rig> rig = decoder_rig(config);
  const int64_t length = config.windows.length;
  const int64_t kept = length - length / 4;
  const std::vector<int64_t> tokens = some_tokens(config, 3 * length);
  Decoder decoder(rig->model, rig->config, at::kCPU);
  decoder.read(std::span(tokens).first(static_cast<size_t>(length)));
  int64_t seen = length;
  for (int64_t n = length; n < 3 * length; ++n) {
    decoder.read(std::span(tokens).subspan(static_cast<size_t>(n), 1));
    seen = seen == length ? kept : seen + 1;
    CAPTURE(n, seen);
    CHECK(largest_difference(decoder.logits(),
                             after(*rig, {tokens.begin() + n + 1 - seen, tokens.begin() + n + 1})) < 1e-12);
  }
  Decoder other(rig->model, rig->config, at::kCPU);
  other.read(tokens);
  CHECK(largest_difference(other.logits(), after(*rig, {tokens.end() - kept, tokens.end()})) < 1e-12);
}

TEST_CASE("windows and blocks are read from a cache by the kernels, as in a whole window", "[model]") {
  struct Case {
    const char* kind;
    int64_t k, block;
    bool rotary;
  };
  for (const Case& c : {Case{"window", 20, 0, false},
                        {"window", 200, 0, true},
                        {"block_topk", 48, 16, false},
                        {"block_topk", 100, 32, true},
                        {"block_topk", 7, 16, true}}) {
    Config config = sparse_encoder(AttentionKind(c.kind));
    config.kernels = KernelKind::automatic;
    config.windows.length = 150;
    config.body.causal = true;
    config.body.positions = c.rotary ? Positions::rotary : Positions::learned;
    config.attention.k = c.k;
    if (c.block > 0) config.attention.own.set("block", c.block);
    CAPTURE(c.kind, c.k, c.block);
    const std::unique_ptr<Rig> rig = decoder_rig(config, Arm::standard, at::kFloat);
    REQUIRE(rig->model.can_cache());
    const std::vector<int64_t> tokens = some_tokens(config, 150);
    const at::Tensor all = rig->model.logits(at::tensor(tokens, at::kLong).unsqueeze(0))[0].detach();
    for (const int64_t prompt : {1, 2, 33, 64, 149}) {
      Decoder decoder(rig->model, rig->config, at::kCPU);
      decoder.read(std::span(tokens).first(static_cast<size_t>(prompt)));
      for (int64_t n = prompt;; ++n) {
        CAPTURE(prompt, n);
        CHECK(largest_difference(decoder.logits(), all[n - 1].to(at::kDouble)) < 1e-4);
        if (n == 150) break;
        decoder.read(std::span(tokens).subspan(static_cast<size_t>(n), 1));
      }
    }
  }
}

TEST_CASE("kinds of sparse attention and the bag go on without a cache", "[model]") {
  for (const AttentionKind kind : sparse_kinds()) {
    const Config config = sparse_encoder(kind);
    CAPTURE(kind->name);
    const std::unique_ptr<Rig> rig = decoder_rig(config);
    CHECK_FALSE(rig->model.can_cache());
    const int64_t length = config.windows.length;
    const std::vector<int64_t> tokens = some_tokens(config, length + 4);
    Decoder decoder(rig->model, rig->config, at::kCPU);
    decoder.read(std::span(tokens).first(2));
    std::vector<int64_t> padded(tokens.begin(), tokens.begin() + 2);
    padded.resize(static_cast<size_t>(length), 5);
    const at::Tensor expected = rig->model.logits(at::tensor(padded, at::kLong).unsqueeze(0))[0][1];
    CHECK(largest_difference(decoder.logits(), expected.detach()) < 1e-12);
    decoder.read(std::span(tokens).subspan(2));
    CHECK(largest_difference(decoder.logits(), after(*rig, {tokens.end() - length, tokens.end()})) < 1e-12);
  }
  Config bag = config_for_all_arms();
  bag.body = {};
  bag.body.kind = BodyKind::bag;
  const std::unique_ptr<Rig> rig = decoder_rig(bag);
  Decoder decoder(rig->model, rig->config, at::kCPU);
  const std::vector<int64_t> tokens = some_tokens(bag, 3);
  decoder.read(tokens);
  CHECK(largest_difference(decoder.logits(), after(*rig, tokens)) < 1e-12);
}

TEST_CASE("a model that saw what it was to predict is refused", "[model]") {
  Config config = config_for_all_arms();
  config.body.causal = false;
  const std::unique_ptr<Rig> rig = decoder_rig(config);
  CHECK_THROWS_AS(Decoder(rig->model, rig->config, at::kCPU), BadInput);

  Config selector = sparse_encoder(AttentionKind("mlp_topk"));
  selector.attention.own.set("selects_causally", false);
  const std::unique_ptr<Rig> other = decoder_rig(selector);
  CHECK_THROWS_AS(Decoder(other->model, other->config, at::kCPU), BadInput);
}

TEST_CASE("draws follow the softmax at their temperature, among the k likeliest", "[model]") {
  const at::Tensor logits = at::tensor({0.5, 2.0, -1.0, 2.0, 1.0}, at::kDouble);
  CHECK(sample(logits, {0, 0, 0}, 0) == 1);  // the first of equals
  CHECK(sample(logits, {0, 0, 9}, 4) == 1);
  constexpr int kDraws = 4000;
  const auto shares = [&](const Sampling& sampling) {
    std::vector<double> share(5);
    for (uint64_t i = 0; i < kDraws; ++i)
      share[static_cast<size_t>(sample(logits, sampling, i))] += 1.0 / kDraws;
    return share;
  };
  const auto check = [&](const Sampling& sampling, const std::vector<double>& logs) {
    double sum = 0;
    for (const double x : logs) sum += std::exp(x);
    const std::vector<double> found = shares(sampling);
    for (size_t i = 0; i < found.size(); ++i) {
      const double p = std::exp(logs[i]) / sum;
      CAPTURE(i, sampling.temperature, sampling.top_k);
      CHECK(std::abs(found[i] - p) <= 5 * std::sqrt(p * (1 - p) / kDraws));
    }
  };
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  check({1, 0, 1}, {0.5, 2.0, -1.0, 2.0, 1.0});
  check({0.5, 0, 2}, {1.0, 4.0, -2.0, 4.0, 2.0});
  check({1, 3, 3}, {kNever, 2.0, kNever, 2.0, 1.0});
  check({1, 9, 4}, {0.5, 2.0, -1.0, 2.0, 1.0});
  CHECK(sample(logits, {1, 0, 5}, 11) == sample(logits, {1, 0, 5}, 11));
}
