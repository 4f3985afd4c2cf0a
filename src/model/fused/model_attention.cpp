#include "model/fused/model_attention.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <array>
#include <vector>

#include "config/derived.h"

namespace ate {
namespace {

// Queries, keys and values are leaves of a graph that lives from a layer's forward pass to its backward one.
class ModelAttention final : public HeadAttention {
 public:
  ModelAttention(const Model& model, const Config& config)
      : model_(model),
        layers_(static_cast<size_t>(config.body.layers)),
        heads_(config.windows.batch * config.body.heads),
        length_(config.windows.length),
        width_(head_width(config.body)) {}

  void forward(size_t layer, const kernels::HeadArrays& heads, float* out, RandomKey key,
               uint32_t step) override {
    const at::AutoGradMode grad(true);
    Graph& graph = layers_[layer];
    graph.leaves = {leaf(heads.queries), leaf(heads.keys), leaf(heads.values)};
    graph.attended = model_.attend(layer, {graph.leaves[0], graph.leaves[1], graph.leaves[2]}, key, step);
    tensor(out).copy_(graph.attended.outputs.detach());
  }

  void backward(size_t layer, const float* dout, const kernels::HeadArrays& gradients) override {
    Graph graph = std::move(layers_[layer]);
    torch::autograd::variable_list roots = {graph.attended.outputs};
    torch::autograd::variable_list gradients_of_roots = {tensor(const_cast<float*>(dout))};  // only read
    if (graph.attended.side.defined()) {
      roots.push_back(graph.attended.side);
      gradients_of_roots.emplace_back();  // 1
    }
    torch::autograd::backward(roots, gradients_of_roots);
    const std::array<float*, 3> arrays = {gradients.queries, gradients.keys, gradients.values};
    for (size_t i = 0; i < arrays.size(); ++i) {
      const at::Tensor gradient = graph.leaves[i].grad();
      if (gradient.defined())
        tensor(arrays[i]).copy_(gradient);
      else
        tensor(arrays[i]).zero_();
    }
  }

 private:
  struct Graph {
    std::array<at::Tensor, 3> leaves;
    Model::Attended attended;
  };

  at::Tensor tensor(float* data) const {
    return at::from_blob(data, {heads_, length_, width_}, at::TensorOptions(at::kFloat));
  }
  at::Tensor leaf(float* data) const { return tensor(data).requires_grad_(); }

  const Model& model_;
  std::vector<Graph> layers_;
  int64_t heads_, length_, width_;
};

}  // namespace

std::unique_ptr<HeadAttention> model_attention(const Model& model, const Config& config) {
  return std::make_unique<ModelAttention>(model, config);
}

}  // namespace ate
