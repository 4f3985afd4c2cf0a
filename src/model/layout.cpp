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

LinearWeights<TensorId> LayoutBuilder::add_linear(const std::string& name, int64_t in, int64_t out, bool bias,
                                                  InitLaw law) {
  LinearWeights<TensorId> ids;
  add(name + ".weight", {out, in}, law, in);
  ids.weight = last();
  if (!bias) return ids;
  add(name + ".bias", {out}, InitLaw::linear_bias, in);
  ids.bias = last();
  return ids;
}

LinearWeights<TensorId> LayoutBuilder::add_norm(const std::string& name, int64_t width, bool shift) {
  LinearWeights<TensorId> ids;
  add(name + ".weight", {width}, InitLaw::ones);
  ids.weight = last();
  if (!shift) return ids;
  add(name + ".bias", {width}, InitLaw::zeros);
  ids.bias = last();
  return ids;
}

namespace {

bool norms_shift(const BodyConfig& body) { return body.bias && body.normalisation == Normalisation::layer; }

// As PyTorch's attention module: Xavier for the stacked in-projection, zero biases, and a Linear's law for the
// out-projection's weight.
void add_attention(LayoutBuilder& layout, const std::string& name, const BodyConfig& body,
                   LayerWeights<TensorId>& ids) {
  const auto add = [&](const std::string& end, std::vector<int64_t> shape, InitLaw law) {
    layout.add(name + end, std::move(shape), law, body.width);
    return layout.last();
  };
  const int64_t rows = in_projection_rows(body);
  ids.in_projection.weight = add("in_proj_weight", {rows, body.width}, InitLaw::in_projection);
  // Queries, keys and values are maps of their own.
  const int64_t of_keys = (rows - body.width) / 2;
  layout.layout.tensors.back().matrix_rows = {body.width, of_keys, of_keys};
  if (body.bias) ids.in_projection.bias = add("in_proj_bias", {rows}, InitLaw::zeros);
  ids.out_projection.weight = add("out_proj.weight", {body.width, body.width}, InitLaw::residual_weight);
  if (body.bias) ids.out_projection.bias = add("out_proj.bias", {body.width}, InitLaw::zeros);
  if (!body.qk_norm) return;
  ids.query_norm = layout.add_norm(name + "q_norm", head_width(body), false);
  ids.key_norm = layout.add_norm(name + "k_norm", head_width(body), false);
}

LayerWeights<TensorId> add_encoder_layer(LayoutBuilder& layout, int64_t index, const BodyConfig& body) {
  const std::string name = "layers." + std::to_string(index);
  const int64_t d = body.width;
  const int64_t f = hidden_width(body);
  LayerWeights<TensorId> ids;
  add_attention(layout, attention_prefix(index), body, ids);
  if (f > 0) {
    ids.linear1 = layout.add_linear(name + ".linear1", d, f, body.bias);
    if (body.activation == Activation::swiglu) ids.gate = layout.add_linear(name + ".gate", d, f, body.bias);
    ids.linear2 = layout.add_linear(name + ".linear2", f, d, body.bias, InitLaw::residual_weight);
  }
  ids.norm1 = layout.add_norm(name + ".norm1", d, norms_shift(body));
  if (f > 0) ids.norm2 = layout.add_norm(name + ".norm2", d, norms_shift(body));
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
    if (body.final_norm) ids.norm = builder.add_norm("norm", body.width, norms_shift(body));
  }
  if (!embedding.tied) {
    ids.head = builder.add_linear("head", body.width, config.source.vocabulary, body.bias);
  } else {
    ids.head.weight = ids.blocks[0].table;
    if (body.bias) {
      builder.add("head.bias", {config.source.vocabulary}, InitLaw::linear_bias, body.width);
      ids.head.bias = builder.last();
    }
  }
  return std::move(builder.layout);
}

}  // namespace ate
