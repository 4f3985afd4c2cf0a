#include "pipeline/model_box.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstring>

#include "train/safetensors.h"

namespace ate {
namespace {

at::Tensor noise_of(const Config& config, const EmbeddingPlan& plan, RandomKey key, at::Device device) {
  if (plan.noise_rows == 0) return {};
  const std::vector<float> rows = noise_rows(plan.noise_rows, config.body.width, config.body.init, key);
  return at::tensor(rows).view({plan.noise_rows, config.body.width}).to(device);
}

RandomKey key_of(const TrialId& id) { return {static_cast<uint32_t>(id.seed), 0}; }

}  // namespace

ModelBox::ModelBox(const Config& settings, TrialId id, const Corpus& corpus, at::Device device)
    : config(settings),
      plan(plan_embedding(config, id.arm, corpus, id.seed)),
      layout(make_layout(config, plan)),
      arena(layout, at::TensorOptions(at::kFloat).device(device)),
      model(config, plan, layout, arena, noise_of(config, plan, key_of(id), device)) {
  std::vector<float> start;
  initialise(layout, config.body.init, key_of(id), start);
  arena.parameters.copy_(at::tensor(start));
}

at::Tensor ModelBox::parameter(const std::string& name) const {
  const ParameterTensor& tensor = layout.at(name);
  return arena.parameters.narrow(0, tensor.offset, tensor.count()).view(tensor.shape);
}

void ModelBox::copy_from(const ModelBox& other) {
  for (const ParameterTensor& tensor : layout.tensors)
    for (const ParameterTensor& theirs : other.layout.tensors)
      if (tensor.name == theirs.name && tensor.shape == theirs.shape)
        parameter(tensor.name).copy_(other.parameter(tensor.name));
}

void load_parameters(const Layout& layout, Arena& arena, const SafetensorsFile& file) {
  at::Tensor host = at::zeros({layout.size}, at::kFloat);
  for (const ParameterTensor& tensor : layout.tensors) {
    const size_t bytes = static_cast<size_t>(tensor.count()) * sizeof(float);
    std::memcpy(host.mutable_data_ptr<float>() + tensor.offset, file.array(tensor.name, bytes).data(), bytes);
  }
  arena.parameters.copy_(host);
}

at::Tensor read_windows(const Corpus& corpus, const std::vector<int64_t>& starts, int64_t length) {
  at::Tensor windows = at::empty({static_cast<int64_t>(starts.size()), length + 1}, at::kLong);
  auto* out = windows.mutable_data_ptr<int64_t>();
  for (const int64_t start : starts) {
    corpus.read(start, {out, static_cast<size_t>(length + 1)});
    out += length + 1;
  }
  return windows;
}

}  // namespace ate
