#include "model/layout.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "config/derived.h"

namespace ate {

int64_t ParameterTensor::count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

const ParameterTensor& Layout::at(const std::string& name) const {
  const auto it = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
  if (it == tensors.end()) throw std::out_of_range("no parameter tensor is called " + name);
  return *it;
}

namespace {

class LayoutBuilder {
 public:
  ParameterTensor& add(std::string name, std::vector<int64_t> shape, InitLaw law, int64_t fan_in = 0) {
    ParameterTensor tensor{std::move(name), std::move(shape), law, fan_in, layout_.size};
    const int64_t count = tensor.count();
    layout_.parameters += count;
    layout_.size += (count + kAlignment - 1) / kAlignment * kAlignment;
    layout_.tensors.push_back(std::move(tensor));
    return layout_.tensors.back();
  }
  void add_linear(const std::string& name, int64_t in, int64_t out, bool bias) {
    add(name + ".weight", {out, in}, InitLaw::linear_weight, in);
    if (bias) add(name + ".bias", {out}, InitLaw::linear_bias, in);
  }
  void add_norm(const std::string& name, int64_t width) {
    add(name + ".weight", {width}, InitLaw::ones);
    add(name + ".bias", {width}, InitLaw::zeros);
  }
  Layout take() { return std::move(layout_); }

 private:
  Layout layout_;
};

// Every head has weights of its own: [heads, out, in] and [heads, out].
void add_head_linear(LayoutBuilder& layout, const std::string& name, int64_t heads, int64_t in, int64_t out) {
  layout.add(name + ".weight", {heads, out, in}, InitLaw::linear_weight, in);
  layout.add(name + ".bias", {heads, out}, InitLaw::linear_bias, in);
}

void add_attention_kind(LayoutBuilder& layout, const std::string& name, const Config& config, int64_t heads) {
  const AttentionConfig& a = config.attention;
  const int64_t width = config.body.width / config.body.heads;
  if (a.kind == AttentionKind::mlp_topk) {
    add_head_linear(layout, name + ".selector.0", heads, width, a.hidden);
    add_head_linear(layout, name + ".selector.2", heads, a.hidden, config.windows.length);
    if (!a.approximator) return;
    add_head_linear(layout, name + ".approximator.0", heads, a.k * width, a.hidden);
    add_head_linear(layout, name + ".approximator.2", heads, a.hidden, width);
  } else if (a.kind == AttentionKind::lowrank_topk) {
    layout.add(name + ".lowrank_query", {heads, a.rank, width}, InitLaw::xavier_weight, width);
    layout.add(name + ".lowrank_key", {heads, a.rank, width}, InitLaw::xavier_weight, width);
  }
}

void add_encoder_layer(LayoutBuilder& layout, const std::string& name, const BodyConfig& body) {
  const int64_t d = body.width;
  // PyTorch's attention module: Xavier for the stacked in-projection, zero biases, and a Linear's law for the
  // out-projection's weight.
  layout.add(name + ".self_attn.in_proj_weight", {3 * d, d}, InitLaw::xavier_weight, d);
  layout.add(name + ".self_attn.in_proj_bias", {3 * d}, InitLaw::zeros);
  layout.add(name + ".self_attn.out_proj.weight", {d, d}, InitLaw::linear_weight, d);
  layout.add(name + ".self_attn.out_proj.bias", {d}, InitLaw::zeros);
  layout.add_linear(name + ".linear1", d, body.feedforward * d, true);
  layout.add_linear(name + ".linear2", body.feedforward * d, d, true);
  layout.add_norm(name + ".norm1", d);
  layout.add_norm(name + ".norm2", d);
}

}  // namespace

Layout make_layout(const Config& config, const EmbeddingPlan& embedding) {
  const BodyConfig& body = config.body;
  LayoutBuilder layout;
  for (const EmbeddingBlock& block : embedding.blocks) {
    // A tied table starts by the head's law: as a table it would start with logits that are far too large.
    ParameterTensor& table =
        layout.add(block.name + ".weight", {block.rows, block.width},
                   embedding.tied ? InitLaw::linear_weight : InitLaw::table, block.width);
    table.row_ids = block.tokens;
    if (!block.projected) table.drawn_as = "embedding.weight";
    if (block.projected) layout.add_linear(block.name + ".projection", block.width, body.width, block.bias);
  }
  if (body.kind == BodyKind::encoder) {
    if (body.positions == Positions::learned)
      layout.add("positions.weight", {config.windows.length, body.width}, InitLaw::table);
    for (int64_t i = 0; i < body.layers; ++i) {
      const std::string name = "layers." + std::to_string(i);
      add_encoder_layer(layout, name, body);
      if (const int64_t heads = sparse_heads(config, i); heads > 0)
        add_attention_kind(layout, name + ".self_attn", config, heads);
    }
    if (body.final_norm) layout.add_norm("norm", body.width);
  }
  if (embedding.tied)
    layout.add("head.bias", {config.source.vocabulary}, InitLaw::linear_bias, body.width);
  else
    layout.add_linear("head", body.width, config.source.vocabulary, true);
  return layout.take();
}

}  // namespace ate
