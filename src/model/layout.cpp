#include "model/layout.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

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

std::vector<Run> runs(const Layout& layout, const std::function<bool(const ParameterTensor&)>& of) {
  std::vector<Run> runs;
  for (const ParameterTensor& tensor : layout.tensors) {
    const bool value = of(tensor);
    if (runs.empty() || runs.back().value != value) runs.push_back({tensor.offset, 0, value});
  }
  for (size_t i = 0; i < runs.size(); ++i)
    runs[i].count = (i + 1 < runs.size() ? runs[i + 1].offset : layout.size) - runs[i].offset;
  return runs;
}

std::vector<Run> decayed_runs(const Layout& layout, Decayed decayed) {
  return runs(layout,
              [&](const ParameterTensor& tensor) { return decayed == Decayed::all || tensor.is_matrix(); });
}

std::string attention_prefix(int64_t layer) { return "layers." + std::to_string(layer) + ".self_attn."; }

ParameterTensor& LayoutBuilder::add(std::string name, std::vector<int64_t> shape, InitLaw law,
                                    int64_t fan_in) {
  ParameterTensor tensor{std::move(name), std::move(shape), law, fan_in, layout.size};
  const int64_t count = tensor.count();
  layout.parameters += count;
  layout.size += (count + kAlignment - 1) / kAlignment * kAlignment;
  layout.tensors.push_back(std::move(tensor));
  return layout.tensors.back();
}

LinearWeights<TensorId> LayoutBuilder::add_linear(const std::string& name, int64_t in, int64_t out,
                                                  bool bias) {
  LinearWeights<TensorId> ids;
  add(name + ".weight", {out, in}, InitLaw::linear_weight, in);
  ids.weight = last();
  if (!bias) return ids;
  add(name + ".bias", {out}, InitLaw::linear_bias, in);
  ids.bias = last();
  return ids;
}

LinearWeights<TensorId> LayoutBuilder::add_norm(const std::string& name, int64_t width) {
  LinearWeights<TensorId> ids;
  add(name + ".weight", {width}, InitLaw::ones);
  ids.weight = last();
  add(name + ".bias", {width}, InitLaw::zeros);
  ids.bias = last();
  return ids;
}

namespace {

LayerWeights<TensorId> add_encoder_layer(LayoutBuilder& layout, int64_t index, const BodyConfig& body) {
  const std::string name = "layers." + std::to_string(index);
  const std::string attention = attention_prefix(index);
  const int64_t d = body.width;
  LayerWeights<TensorId> ids;
  // PyTorch's attention module: Xavier for the stacked in-projection, zero biases, and a Linear's law for the
  // out-projection's weight.
  layout.add(attention + "in_proj_weight", {3 * d, d}, InitLaw::xavier_weight, d).matrix_rows = {d, d, d};
  ids.in_projection.weight = layout.last();
  layout.add(attention + "in_proj_bias", {3 * d}, InitLaw::zeros);
  ids.in_projection.bias = layout.last();
  layout.add(attention + "out_proj.weight", {d, d}, InitLaw::linear_weight, d);
  ids.out_projection.weight = layout.last();
  layout.add(attention + "out_proj.bias", {d}, InitLaw::zeros);
  ids.out_projection.bias = layout.last();
  ids.linear1 = layout.add_linear(name + ".linear1", d, body.feedforward * d, true);
  ids.linear2 = layout.add_linear(name + ".linear2", body.feedforward * d, d, true);
  ids.norm1 = layout.add_norm(name + ".norm1", d);
  ids.norm2 = layout.add_norm(name + ".norm2", d);
  return ids;
}

// What a kind of attention adds to a layer.
void add_attention_kind(LayoutBuilder& layout, const std::string& prefix, const Config& config,
                        int64_t heads) {
  const AttentionKind& kind = config.attention.kind;
  if (heads == 0 || kind->add_parameters == nullptr) return;
  const size_t first = layout.layout.tensors.size();
  kind->add_parameters(layout, prefix, config, heads);
  if (kind->selector == nullptr) return;
  for (size_t i = first; i < layout.layout.tensors.size(); ++i) {
    ParameterTensor& tensor = layout.layout.tensors[i];
    tensor.side_loss = tensor.name.rfind(prefix + kind->selector, 0) == 0;
  }
}

// Says of a layer's tensors, from `first` on, which matrices they hold: the last two dimensions are one, unless said
// otherwise.
void name_matrices(std::vector<ParameterTensor>& tensors, size_t first) {
  for (size_t i = first; i < tensors.size(); ++i) {
    ParameterTensor& tensor = tensors[i];
    if (!tensor.is_matrix() || !tensor.matrix_rows.empty()) continue;
    const int64_t rows = tensor.shape.end()[-2];
    tensor.matrix_rows.assign(static_cast<size_t>(tensor.count() / (rows * tensor.shape.back())), rows);
  }
}

}  // namespace

Layout make_layout(const Config& config, const EmbeddingPlan& embedding) {
  const BodyConfig& body = config.body;
  LayoutBuilder builder;
  ModelWeights<TensorId>& ids = builder.layout.weights;
  for (const EmbeddingBlock& block : embedding.blocks) {
    // A tied table starts by the head's law: as a table it would start with logits that are far too large.
    ParameterTensor& table =
        builder.add(block.name + ".weight", {block.rows, block.width},
                    embedding.tied ? InitLaw::linear_weight : InitLaw::table, block.width);
    table.row_ids = block.tokens;
    if (!block.projected) table.drawn_as = "embedding.weight";
    ids.blocks.push_back({builder.last(), {}});
    if (block.projected)
      ids.blocks.back().projection =
          builder.add_linear(block.name + ".projection", block.width, body.width, block.bias);
  }
  if (body.kind == BodyKind::encoder) {
    if (body.positions == Positions::learned) {
      builder.add("positions.weight", {config.windows.length, body.width}, InitLaw::table);
      ids.positions = builder.last();
    }
    for (int64_t i = 0; i < body.layers; ++i) {
      const size_t first = builder.layout.tensors.size();
      ids.layers.push_back(add_encoder_layer(builder, i, body));
      add_attention_kind(builder, attention_prefix(i), config, sparse_heads(config, i));
      name_matrices(builder.layout.tensors, first);
    }
    if (body.final_norm) ids.norm = builder.add_norm("norm", body.width);
  }
  if (embedding.tied) {
    builder.add("head.bias", {config.source.vocabulary}, InitLaw::linear_bias, body.width);
    ids.head = {ids.blocks[0].table, builder.last()};
  } else {
    ids.head = builder.add_linear("head", body.width, config.source.vocabulary, true);
  }
  return std::move(builder.layout);
}

}  // namespace ate
