#include "model/fused/fused_embedding.h"

#include <algorithm>

namespace ate {

using kernels::Form;

template <class E>
FusedEmbedding<E>::FusedEmbedding(FusedContext<E>& context, const float* noise)
    : c_(context),
      mask_(context.buffers.template take<uint8_t>(kernels::mask_bytes(context.rows * context.width))) {
  // Each row of the stacked matrix: where it is, and where its gradient goes.
  std::vector<const float*> rows;
  std::vector<float*> gradients;
  projected_.reserve(c_.plan.blocks.size());
  for (size_t b = 0; b < c_.plan.blocks.size(); ++b) {
    const EmbeddingBlock& block = c_.plan.blocks[b];
    const BlockWeights<TensorId>& ids = c_.layout.weights.blocks[b];
    const int64_t n = block.live_rows();
    if (block.projected) {
      add_projected(block, ids);
      for (int64_t i = 0; i < n; ++i) {
        rows.push_back(projected_.back().rows + i * c_.width);
        gradients.push_back(projected_.back().drows + i * c_.width);
      }
      continue;
    }
    const float* table = c_.weight(ids.table);
    float* dtable = c_.gradient(ids.table);
    // A tied table's gradient begins with the head's part.
    if (!c_.plan.tied) direct_.emplace_back(dtable, block.rows * block.width);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t row = block.live.empty() ? i : block.live[static_cast<size_t>(i)];
      rows.push_back(table + row * block.width);
      gradients.push_back(dtable + row * block.width);
    }
  }
  for (int64_t i = 0; i < c_.plan.noise_rows; ++i) {
    rows.push_back(noise + i * c_.width);
    gradients.push_back(nullptr);
  }
  for (size_t token = 0; token < static_cast<size_t>(c_.config.source.vocabulary); ++token) {
    const size_t row = c_.plan.row_of.empty() ? token : static_cast<size_t>(c_.plan.row_of[token]);
    row_of_token_.push_back(rows.at(row));
    gradient_of_token_.push_back(gradients.at(row));
  }
  if (c_.config.body.positions == Positions::learned) {
    positions_ = c_.weight(c_.layout.weights.positions);
    dpositions_ = c_.gradient(c_.layout.weights.positions);
    direct_.emplace_back(dpositions_, c_.config.windows.length * c_.width);
  }
}

template <class E>
void FusedEmbedding<E>::add_projected(const EmbeddingBlock& block, const BlockWeights<TensorId>& ids) {
  const int64_t n = block.live_rows();
  const int64_t w = block.width;
  const int64_t d = c_.width;
  Projected p;
  p.block = &block;
  p.table = c_.weight(ids.table);
  p.dtable = c_.gradient(ids.table);
  const E* operands = c_.operand(ids.table);
  float* dinputs = p.dtable;
  if (!block.live.empty()) {
    p.live_rows = c_.buffers.template take<float>(n * w);
    dinputs = p.dlive_rows = c_.buffers.template take<float>(n * w);
    if constexpr (std::is_same_v<E, float>)
      p.live_operands = p.live_rows;
    else
      p.live_operands = c_.buffers.template take<E>(n * w);
    operands = p.live_operands;
  }
  if (block.bias) {
    p.bias = c_.weight(ids.projection.bias);
    p.dbias = c_.gradient(ids.projection.bias);
  }
  p.rows = c_.buffers.template take<float>(n * d);
  p.drows = c_.buffers.template take<float>(n * d);
  if constexpr (std::is_same_v<E, float>)
    p.drows_operand = p.drows;
  else
    p.drows_operand = c_.buffers.template take<E>(n * d);
  const TensorId weight = ids.projection.weight;
  p.project = kernels::Product(Form::nt, n, d, w, operands, c_.operand(weight), p.rows);
  p.dweight = kernels::Product(Form::tn, d, w, n, p.drows_operand, operands, c_.gradient(weight));
  p.dinput = kernels::Product(Form::nn, n, w, d, p.drows_operand, c_.operand(weight), dinputs);
  projected_.push_back(std::move(p));
}

template <class E>
void FusedEmbedding<E>::gather_live(const Projected& p) {
  const int64_t w = p.block->width;
  float* out = p.live_rows;
  for (const int64_t row : p.block->live) out = std::copy_n(p.table + row * w, w, out);
  if constexpr (!std::is_same_v<E, float>)
    c_.kernel.to_operand(p.block->live_rows() * w, p.live_rows, p.live_operands);
}

template <class E>
void FusedEmbedding<E>::forward(const int64_t* tokens, const LayerRows<E>& x, RandomKey key, uint32_t step) {
  const kernels::Mask mask = c_.draw(key, step, kEmbeddingSite, c_.rows * c_.width, mask_);
  c_.enter(StepPart::embedding);
  for (const Projected& p : projected_) {
    if (p.live_rows != nullptr) gather_live(p);
    c_.enter(StepPart::products);
    p.project();
    c_.enter(StepPart::embedding);
    if (p.bias == nullptr) continue;
    for (int64_t i = 0; i < p.block->live_rows(); ++i)
      for (int64_t j = 0; j < c_.width; ++j) p.rows[i * c_.width + j] += p.bias[j];
  }
  c_.kernel.embed(c_.rows, c_.config.windows.length, c_.width, tokens, row_of_token_.data(), positions_, mask,
                  x.stream, x.operand);
}

template <class E>
void FusedEmbedding<E>::backward(const int64_t* tokens, const float* dy, const E* branch) {
  for (const auto& [gradient, count] : direct_) std::fill_n(gradient, count, 0.0F);
  for (const Projected& p : projected_) std::fill_n(p.drows, p.block->live_rows() * c_.width, 0.0F);
  c_.kernel.embed_backward(c_.rows, c_.config.windows.length, c_.width, tokens, gradient_of_token_.data(),
                           dpositions_, c_.mask(kEmbeddingSite, mask_), dy, branch);
  for (const Projected& p : projected_) {
    const int64_t n = p.block->live_rows();
    if (p.bias != nullptr) c_.kernel.column_sums(n, c_.width, p.drows, p.dbias);
    if constexpr (!std::is_same_v<E, float>) c_.kernel.to_operand(n * c_.width, p.drows, p.drows_operand);
    c_.enter(StepPart::products);
    p.dweight();
    p.dinput();
    c_.enter(StepPart::embedding);
    const float* row = p.dlive_rows;
    for (const int64_t live : p.block->live) {
      std::copy_n(row, p.block->width, p.dtable + live * p.block->width);
      row += p.block->width;
    }
  }
}

template class FusedEmbedding<float>;
template class FusedEmbedding<kernels::bf16>;

}  // namespace ate
