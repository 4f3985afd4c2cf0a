// Each kind of sparse attention: gradients, the limit of all keys, the mask, and what its choice holds.
#include <cmath>
#include <set>

#include "catch.h"
#include "config/derived.h"
#include "helpers/attention_kinds.h"
#include "helpers/bodies.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kAttentionKey = {31, 0};

std::unique_ptr<Rig> rig_of(Config config, at::ScalarType type = at::kDouble, Arm arm = Arm::standard) {
  config.body.init = Init::framework;
  auto rig = std::make_unique<Rig>(config, arm, shuffled_bands(config), type);
  rig->initialise(kAttentionKey);
  return rig;
}

at::Tensor tokens_of(const Config& config, int64_t windows = 3) {
  return random_windows(config, windows, 3).narrow(1, 0, config.windows.length).contiguous();
}

// Central differences of the training loss at elements of every tensor, dropout included. The selectors' own losses
// are in the gradient and not in the value, and must be switched off.
void check_sparse_gradients(Config config, Arm arm) {
  config.body.dropout = 0.3;
  config.attention.distil = 0;
  const auto rig = rig_of(config, at::kDouble, arm);
  const at::Tensor windows = random_windows(config, 4, 4);
  const auto loss = [&] { return rig->model.training_loss(windows, kAttentionKey, 3); };
  loss().backward();
  auto* parameters = rig->arena.parameters.mutable_data_ptr<double>();
  const auto* gradients = rig->arena.gradients.const_data_ptr<double>();
  for (const ParameterTensor& tensor : rig->layout.tensors)
    for (uint64_t draw = 0; draw < 3; ++draw) {
      const auto bits = word64(random_block(kAttentionKey, Purpose::canary, 0, 0, draw), 0);
      const auto i = tensor.offset + static_cast<int64_t>(below(bits, static_cast<uint64_t>(tensor.count())));
      const double kept = parameters[i];
      const double h = 1e-6;  // small enough for no choice to change
      parameters[i] = kept + h;
      const auto above = loss().value();
      parameters[i] = kept - h;
      const auto beneath = loss().value();
      parameters[i] = kept;
      const double difference = (above - beneath) / (2 * h);
      CAPTURE(tensor.name, i - tensor.offset, difference, gradients[i]);
      CHECK(std::abs(difference - gradients[i]) < 1e-8 + 1e-6 * std::abs(gradients[i]));
    }
  CHECK(rig->arena.gradients.norm().item<double>() > 0.01);
}

// All heads of a layer.
HeadInputs heads_of(const Rig& rig, const at::Tensor& tokens, size_t layer) {
  AttentionTraces traces;
  (void)rig.model.logits(tokens, traces);
  return traces.at(layer).heads;
}

// The share of exact attention that a choice holds, at each query: [N, H, T].
at::Tensor recall_of(const HeadInputs& heads, const Selection& selection) {
  at::Tensor mass = heads.scores().softmax(-1).gather(-1, selection.positions);
  if (selection.absent.defined()) mass = mass.masked_fill(selection.absent, 0);
  return mass.sum(-1).detach();
}

}  // namespace

TEST_CASE("the gradients of every attention kind are the slopes of its loss", "[model]") {
  for (const AttentionKind kind : sparse_kinds())
    for (const bool causal : {true, false}) {
      CAPTURE(enum_name(kind), causal);
      check_sparse_gradients(sparse_encoder(kind, causal), causal ? Arm::bespoke : Arm::standard);
    }
}

TEST_CASE("gradients are slopes with part of the heads sparse, and under pre-norm with GELU", "[model]") {
  for (const AttentionKind kind : sparse_kinds()) {
    Config config = sparse_encoder(kind);
    config.attention.heads = 1;
    config.attention.layers = 1;
    config.body.norm = Norm::pre;
    config.body.activation = Activation::gelu;
    CAPTURE(enum_name(kind));
    check_sparse_gradients(config, Arm::standard);
  }
  Config exact = sparse_encoder(AttentionKind::mlp_topk);
  exact.attention.own.set("approximator", false);
  check_sparse_gradients(exact, Arm::standard);
}

TEST_CASE("gradients of every attention kind are slopes in a body of today", "[model]") {
  for (const AttentionKind kind : sparse_kinds()) {
    Config config = sparse_encoder(kind);
    const BodyConfig llama = llama_encoder().body;
    config.body = llama;
    CAPTURE(enum_name(kind));
    check_sparse_gradients(config, Arm::tied);
    config.attention.heads = 3;
    check_sparse_gradients(config, Arm::standard);
  }
}

TEST_CASE("the selector's loss has the slopes of a cross-entropy, and reaches the selector alone",
          "[model]") {
  for (const AttentionKind kind :
       {AttentionKind::mlp_topk, AttentionKind("lowrank_topk"), AttentionKind("indexer")}) {
    CAPTURE(enum_name(kind));
    const auto rig = rig_of(sparse_encoder(kind));
    const at::Tensor tokens = tokens_of(rig->config);
    const HeadInputs heads = heads_of(*rig, tokens, 0);
    const at::Tensor exact = heads.scores().softmax(-1).detach();
    const auto loss = [&] { return selection_loss(exact, rig->model.attention(0)->selector_scores(heads)); };
    loss().backward();
    const auto* gradients = rig->arena.gradients.const_data_ptr<double>();
    auto* parameters = rig->arena.parameters.mutable_data_ptr<double>();
    for (const ParameterTensor& tensor : rig->layout.tensors) {
      const bool of_selector = tensor.name.find(std::string("layers.0.self_attn.") + kind->selector) == 0;
      const double norm = Rig::part(rig->arena.gradients, tensor).norm().item<double>();
      CAPTURE(tensor.name);
      CHECK((norm > 0) == of_selector);
      if (!of_selector) continue;
      const int64_t i = tensor.offset + tensor.count() / 2;
      const double kept = parameters[i];
      parameters[i] = kept + 1e-5;
      const auto above = loss().item<double>();
      parameters[i] = kept - 1e-5;
      const auto beneath = loss().item<double>();
      parameters[i] = kept;
      CHECK(std::abs((above - beneath) / 2e-5 - gradients[i]) < 1e-8);
    }
  }
}

TEST_CASE("training moves a selector through its own loss, and leaves the loss's value alone", "[model]") {
  for (const AttentionKind kind :
       {AttentionKind::mlp_topk, AttentionKind("lowrank_topk"), AttentionKind("indexer")}) {
    Config config = sparse_encoder(kind);
    config.body.dropout = 0;
    const at::Tensor windows = random_windows(config, 4, 4);
    std::vector<double> values, norms;
    for (const double distil : {0.0, 1.0}) {
      config.attention.distil = distil;
      const auto rig = rig_of(config);
      const TrainingLoss loss = rig->model.training_loss(windows, kAttentionKey, 0);
      loss.backward();
      values.push_back(loss.value());
      const std::string name = kind == AttentionKind::mlp_topk    ? "selector.0.weight"
                               : kind == AttentionKind("indexer") ? "indexer_query"
                                                                  : "lowrank_key";
      norms.push_back(Rig::part(rig->arena.gradients, rig->layout.at("layers.1.self_attn." + name))
                          .norm()
                          .item<double>());
    }
    CAPTURE(enum_name(kind));
    CHECK(values[0] == values[1]);
    CHECK(norms[0] == 0);
    CHECK(norms[1] > 1e-4);
  }
}

TEST_CASE("with as many keys as positions every kind that reads keys is dense attention", "[model]") {
  for (const AttentionKind kind : sparse_kinds())
    for (const bool causal : {true, false}) {
      Config config = sparse_encoder(kind, causal);
      config.attention.k = config.windows.length;
      config.attention.own.set("approximator",
                               kind != AttentionKind::mlp_topk);  // one that approximates reads no key
      const auto sparse = rig_of(config);
      Config plain = config;
      plain.attention = {};
      const auto dense = rig_of(plain);
      const at::Tensor tokens = tokens_of(config);
      CAPTURE(enum_name(kind), causal);
      CHECK(largest_difference(sparse->model.logits(tokens).detach(), dense->model.logits(tokens).detach()) <
            1e-12);
      // Also in float, to the sixth digit.
      CHECK(largest_difference(rig_of(config, at::kFloat)->model.logits(tokens).detach(),
                               rig_of(plain, at::kFloat)->model.logits(tokens).detach()) < 2e-6);
    }
}

TEST_CASE("under the causal mask no kind lets a later token move an earlier logit by a single bit",
          "[model]") {
  for (const AttentionKind kind : sparse_kinds()) {
    const Config config = sparse_encoder(kind);
    const auto rig = rig_of(config, at::kFloat);
    const at::Tensor tokens = tokens_of(config);
    const at::Tensor logits = rig->model.logits(tokens).detach();
    for (int64_t t = 0; t < config.windows.length; ++t) {
      at::Tensor changed = tokens.clone();
      changed.select(1, t).add_(1).remainder_(config.source.vocabulary);
      const at::Tensor moved = (rig->model.logits(changed).detach() - logits).abs();
      CAPTURE(enum_name(kind), t);
      if (t > 0) CHECK(moved.narrow(1, 0, t).max().item<double>() == 0);
      CHECK(moved.select(1, t).max().item<double>() > 0);
    }
  }
}

TEST_CASE("a selector that may choose later positions leaks, as the original's does", "[model]") {
  Config config = sparse_encoder(AttentionKind::mlp_topk);
  config.attention.own.set("selects_causally", false);
  const auto rig = rig_of(config, at::kFloat);
  const at::Tensor tokens = tokens_of(config, 20);
  at::Tensor changed = tokens.clone();
  changed.select(1, 9).add_(1).remainder_(config.source.vocabulary);
  const at::Tensor moved = (rig->model.logits(changed) - rig->model.logits(tokens)).detach().abs();
  CHECK(moved.narrow(1, 0, 9).max().item<double>() > 0);
}

TEST_CASE("no choice of k keys holds more attention than oracle_topk's", "[model]") {
  for (const bool causal : {true, false}) {
    const auto oracle = rig_of(sparse_encoder(AttentionKind("oracle_topk"), causal));
    for (const AttentionKind kind : sparse_kinds()) {
      const auto rig = rig_of(sparse_encoder(kind, causal));
      if (rig->model.attention(1)->k_is_least()) continue;
      const HeadInputs heads = heads_of(*rig, tokens_of(rig->config, 5), 1);
      const at::Tensor best = recall_of(heads, oracle->model.attention(1)->select(heads));
      const at::Tensor found = recall_of(heads, rig->model.attention(1)->select(heads));
      CAPTURE(enum_name(kind), causal);
      CHECK((best - found).min().item<double>() > -1e-12);
      CHECK(found.max().item<double>() < 1 + 1e-12);
      if (kind != AttentionKind("oracle_topk")) CHECK((best - found).max().item<double>() > 0);
    }
  }
}

TEST_CASE(
    "every kind reads at most k positions, or as many as it needs, each once, and under the mask none that "
    "is later",
    "[model]") {
  for (const AttentionKind kind : sparse_kinds())
    for (const int64_t length : {11, 4, 1}) {  // shorter windows than the model's too, and than k
      const auto rig = rig_of(sparse_encoder(kind));
      const at::Tensor tokens = tokens_of(rig->config, 2).narrow(1, 0, length).contiguous();
      const HeadInputs heads = heads_of(*rig, tokens, 0);
      const Selection selection = rig->model.attention(0)->select(heads);
      const int64_t m = selection.positions.size(3);
      const at::Tensor positions = selection.positions.contiguous();
      const at::Tensor absent = selection.absent.contiguous();
      CAPTURE(enum_name(kind), length);
      CHECK(rig->model.logits(tokens).isfinite().all().item<bool>());
      for (int64_t row = 0; row < 2 * 2 * length; ++row) {
        std::set<int64_t> read;
        int64_t present = 0;
        for (int64_t i = 0; i < m; ++i) {
          const int64_t position = positions.const_data_ptr<int64_t>()[row * m + i];
          REQUIRE((position >= 0 && position < length));
          if (absent.const_data_ptr<bool>()[row * m + i]) continue;
          read.insert(position);
          ++present;
          CHECK(position <= row % length);
        }
        CHECK(static_cast<int64_t>(read.size()) == present);
        if (!rig->model.attention(0)->k_is_least()) CHECK(present <= 5);
        CHECK(present >= 1);
      }
    }
}

TEST_CASE("the window is the last k positions, or without a mask the k nearest", "[model]") {
  const auto causal = rig_of(sparse_encoder(AttentionKind("window")));
  const HeadInputs heads = heads_of(*causal, tokens_of(causal->config), 0);
  const Selection last = causal->model.attention(0)->select(heads);
  CHECK(last.positions[0][0][7].equal(at::arange(3, 8, at::kLong)));
  CHECK(last.absent[0][0][2].sum().item<int64_t>() == 2);
  const auto open = rig_of(sparse_encoder(AttentionKind("window"), false));
  const Selection nearest = open->model.attention(0)->select(heads_of(*open, tokens_of(open->config), 0));
  CHECK(nearest.positions[0][0][0].equal(at::arange(0, 5, at::kLong)));
  CHECK(nearest.positions[0][0][5].equal(at::arange(3, 8, at::kLong)));
  CHECK(nearest.positions[0][0][10].equal(at::arange(6, 11, at::kLong)));
}

TEST_CASE("block_topk reads its own block and the best-scoring one before it", "[model]") {
  Config config = sparse_encoder(AttentionKind("block_topk"));
  config.attention.k = 6;  // two blocks of three
  const auto rig = rig_of(config);
  const HeadInputs heads = heads_of(*rig, tokens_of(config), 0);
  const Selection selection = rig->model.attention(0)->select(heads);
  // Position 10 is in the last, shorter block: 9 and 10.
  double best = -1e300;
  int64_t best_block = 0;
  for (int64_t block = 0; block < 3; ++block) {
    const at::Tensor mean = heads.keys[0][0].narrow(0, block * 3, 3).mean(0);
    const auto score = (mean * heads.queries[0][0][10]).sum().item<double>();
    if (score > best) best_block = block;
    best = std::max(best, score);
  }
  std::set<int64_t> read;
  for (int64_t i = 0; i < selection.positions.size(3); ++i)
    if (!selection.absent[0][0][10][i].item<bool>())
      read.insert(selection.positions[0][0][10][i].item<int64_t>());
  CHECK(read == std::set<int64_t>{best_block * 3, best_block * 3 + 1, best_block * 3 + 2, 9, 10});
}

TEST_CASE("the indexer scores positions once for all heads, as its formula says", "[model]") {
  const auto rig = rig_of(sparse_encoder(AttentionKind("indexer")));
  const HeadInputs heads = heads_of(*rig, tokens_of(rig->config), 1);
  const auto parameter = [&](const std::string& name) {
    const ParameterTensor& tensor = rig->layout.at("layers.1.self_attn.indexer_" + name);
    return Rig::part(rig->arena.parameters, tensor).detach().view(tensor.shape);
  };
  const at::Tensor query = parameter("query"), key = parameter("key"), weight = parameter("weight");
  const at::Tensor scores = rig->model.attention(1)->selector_scores(heads).detach();
  const Selection selection = rig->model.attention(1)->select(heads);
  const auto side_by_side = [](const at::Tensor& x, int64_t n, int64_t t) {
    return x[n].select(1, t).flatten();
  };
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t t = 0; t < rig->config.windows.length; ++t)
      for (int64_t s = 0; s < rig->config.windows.length; ++s) {
        double expected = 0;
        const at::Tensor k = at::mv(key, side_by_side(heads.keys, n, s));
        for (int64_t j = 0; j < query.size(0); ++j) {
          const at::Tensor q = side_by_side(heads.queries, n, t);
          expected += at::dot(weight[j], q).item<double>() *
                      std::max(0.0, at::dot(at::mv(query[j], q), k).item<double>()) /
                      std::sqrt(static_cast<double>(query.size(0) * query.size(1)));
        }
        for (int64_t h = 0; h < scores.size(1); ++h) {
          const auto found = scores[n][h][t][s].item<double>();
          CHECK((s > t ? std::isinf(found) : std::abs(found - expected) < 1e-12));
        }
      }
  CHECK(selection.positions.select(1, 0).equal(selection.positions.select(1, 1)));
  CHECK(scores.isfinite().any().item<bool>());
}

TEST_CASE("mlp_topk reads no key: its heads' outputs do not move with them", "[model]") {
  const auto rig = rig_of(sparse_encoder(AttentionKind::mlp_topk));
  HeadInputs heads = heads_of(*rig, tokens_of(rig->config), 0);
  const at::Tensor before = rig->model.attention(0)->attend(heads, nullptr);
  heads.keys = heads.keys + 1;
  CHECK(rig->model.attention(0)->attend(heads, nullptr).equal(before));
}

TEST_CASE("students start from settings that fit the teacher", "[model]") {
  Config teacher;
  teacher.body.width = 8;
  teacher.body.heads = 2;
  const auto student = [&](const char* name, int64_t k) {
    const AttentionKind kind(name);
    AttentionConfig settings = kind == teacher.attention.kind ? teacher.attention : AttentionConfig();
    settings.kind = kind;
    settings.k = k;
    kind->fit_student(teacher, settings);
    return settings.own;
  };
  CHECK(student("lowrank_topk", 4).whole("rank") == 4);  // a head has 4 dimensions; the initial rank is 8
  CHECK(student("mlp_topk", 4).flag("selects_causally"));
  CHECK(student("block_topk", 4).whole("block") == 2);
  CHECK(student("block_topk", 1).whole("block") == 1);
  teacher.attention.kind = AttentionKind("block_topk");
  teacher.attention.own.set("block", int64_t{3});
  CHECK(student("block_topk", 4).whole("block") == 3);  // of its own kind: the teacher's
  CHECK(student("block_topk", 2).whole("block") == 2);
}
