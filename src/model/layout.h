// Where each parameter of a model is in one flat array, and what it is called. Computed from the config alone: no
// LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/embedding_plan.h"
#include "model/weights.h"
#include "random/counter.h"

namespace ate {

// How a tensor starts out, by the choices of Init. gpt2 is as normal where nothing else is said.
enum class InitLaw {
  table,            // framework: N(0, 1); normal: N(0, 0.02)
  linear_weight,    // framework: U(-b, b) with b = 1 / sqrt(fan_in); normal: N(0, 0.02)
  residual_weight,  // of a map back to the stream: as linear_weight; gpt2: N(0, 0.02 / sqrt(2 layers))
  linear_bias,      // framework: U(-b, b) with the same b; normal: 0
  in_projection,    // as xavier_weight; gpt2: N(0, 0.02)
  xavier_weight,    // all: U(-b, b) with b = sqrt(6 / (fan_in + fan_out))
  zeros,
  ones,
};

// One parameter tensor. Names and shapes are those of PyTorch's modules: a Linear's weight is [out, in].
struct ParameterTensor {
  std::string name;
  std::vector<int64_t> shape;
  InitLaw law = InitLaw::zeros;
  int64_t fan_in = 0;  // of the linear map it belongs to
  int64_t offset = 0;  // in elements; a multiple of kAlignment
  // Rows that hold a token's embedding at the model's width start alike in every arm: they are drawn as the rows
  // `row_ids` of the tensor `drawn_as`. Empty: as this tensor's own rows.
  std::string drawn_as{};
  std::vector<int64_t> row_ids{};
  // A layer's matrices that stand on each other in this tensor, by their rows: a linear map has one, the attention's
  // in-projection three. Empty: no matrix of a layer, but a table, a head, a bias or a gain.
  std::vector<int64_t> matrix_rows{};
  // Learns from a side loss alone (a selector's): what clips the model must not read its gradient.
  bool side_loss = false;
  int64_t count() const;
  bool is_matrix() const { return shape.size() >= 2; }  // of a layer or not
};

// Every tensor starts on a cache line, so that vector code and libraries see the same alignment in every run.
inline constexpr int64_t kAlignment = 16;

// A tensor of a layout by its index; none: the model has no such weight.
struct TensorId {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t index = kNone;
  explicit operator bool() const { return index != kNone; }
};

struct Layout {
  std::vector<ParameterTensor> tensors;
  ModelWeights<TensorId> weights;  // all but those that a kind of attention adds, which it finds by name
  int64_t size = 0;                // elements of the flat array, padding included
  int64_t parameters = 0;          // elements of all tensors: what tables print

  const ParameterTensor& at(const std::string& name) const;  // throws std::out_of_range
  const ParameterTensor& at(TensorId id) const { return tensors.at(id.index); }
};

// Elements of the flat array that lie one after the other, whole tensors with their padding, and are alike in something.
struct Run {
  int64_t offset = 0;
  int64_t count = 0;
  bool value = false;  // that they share
};

// The layout cut where the answer of `of` changes, in order.
std::vector<Run> runs(const Layout& layout, const std::function<bool(const ParameterTensor&)>& of);

// Which parameters weight decay acts on (OptimiserConfig::decayed): one run of all, or runs of matrices and others.
std::vector<Run> decayed_runs(const Layout& layout, Decayed decayed);

// How the names of a layer's attention parameters begin: "layers.1.self_attn.".
std::string attention_prefix(int64_t layer);

// Adds tensors one after the other.
class LayoutBuilder {
 public:
  ParameterTensor& add(std::string name, std::vector<int64_t> shape, InitLaw law, int64_t fan_in = 0);
  LinearWeights<TensorId> add_linear(const std::string& name, int64_t in, int64_t out, bool bias,
                                     InitLaw law = InitLaw::linear_weight);
  LinearWeights<TensorId> add_norm(const std::string& name, int64_t width, bool shift);

  TensorId last() const { return {layout.tensors.size() - 1}; }

  Layout layout;
};

// The tensors of the arm's embedding, then the trunk's; the trunk's names and shapes are the same for every
// arm.
//   positions.weight                              [T, d]        positions = learned
//   layers.I.self_attn.in_proj_weight, _bias      [p, d], [p]   rows of queries, then keys, then values, head after
//                                                               head: p = (H + 2 kv_heads) hd, by default 3d
//   layers.I.self_attn.out_proj.weight, .bias     [d, d], [d]
//   layers.I.self_attn.q_norm.weight, k_norm      [hd]          qk_norm
//   layers.I.self_attn.*                          more of them for some kinds of attention, see model/attention/
//   layers.I.linear1.weight, .bias                [f, d], [f]   f = feedforward * d, or feedforward_width
//   layers.I.gate.weight, .bias                   [f, d], [f]   activation = swiglu
//   layers.I.linear2.weight, .bias                [d, f], [d]
//   layers.I.norm1.weight, .bias; norm2           [d]           after attention; after the feed-forward block
//   norm.weight, .bias                            [d]           final_norm
//   head.weight, .bias                            [V, d], [V]   no weight when tied
// bias = false leaves out every .bias of the trunk, normalisation = rms those of norms.
Layout make_layout(const Config& config, const EmbeddingPlan& embedding);

// Fills the flat array by the body's choice: element i of a tensor depends on (key, tensor's name, i) alone, so tensors of the
// same name start equal in paired arms, and so does the row of a token that has the model's width in both.
void initialise(const Layout& layout, Init init, RandomKey key, std::vector<float>& parameters);

// rows x width numbers of N(0, 1) (framework) or N(0, 0.02) (normal, gpt2): the fixed rows of tokens outside all
// bands.
std::vector<float> noise_rows(int64_t rows, int64_t width, Init init, RandomKey key);

}  // namespace ate
