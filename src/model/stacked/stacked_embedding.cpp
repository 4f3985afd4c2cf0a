#include "model/stacked/stacked_embedding.h"

#include <ATen/ATen.h>

#include <map>

namespace ate {
namespace {

at::Tensor to_device(const std::vector<int64_t>& values, const std::vector<int64_t>& shape,
                     const at::Tensor& like) {
  return at::tensor(values, at::kLong).view(shape).to(like.device());
}

// Where a token's row is: in a block's table, or (block -1) among the noise rows.
struct Place {
  int64_t block = -1;
  int64_t row = 0;
};

std::vector<Place> places(const EmbeddingPlan& plan, int64_t vocabulary) {
  std::vector<Place> of_row;
  for (size_t b = 0; b < plan.blocks.size(); ++b) {
    const EmbeddingBlock& block = plan.blocks[b];
    for (int64_t i = 0; i < block.live_rows(); ++i)
      of_row.push_back(
          {static_cast<int64_t>(b), block.live.empty() ? i : block.live[static_cast<size_t>(i)]});
  }
  for (int64_t i = 0; i < plan.noise_rows; ++i) of_row.push_back({-1, i});
  std::vector<Place> of_token;
  for (int64_t t = 0; t < vocabulary; ++t)
    of_token.push_back(of_row[static_cast<size_t>(plan.row_of.empty() ? t : plan.row_of[t])]);
  return of_token;
}

}  // namespace

// Collects one table after the other.
class StackedEmbedding::Builder {
 public:
  explicit Builder(int64_t row_width) : width_(row_width) {}

  // The tokens of `of_token` whose block `takes`, with their rows; `start` is the replica's first element.
  template <class Takes, class First>
  void add(const std::vector<Place>& of_token, int64_t start, const Takes& takes, const First& first) {
    for (const Place& place : of_token) {
      const bool own = place.block >= 0 && takes(place.block);
      first_.push_back(own ? start + first(place) : start);
      inside_.push_back(own ? 1 : 0);
    }
    ++tables_;
  }
  Rows rows(const at::Tensor& like) const {
    const auto vocabulary = static_cast<int64_t>(first_.size()) / tables_;
    return {to_device(first_, {tables_, vocabulary}, like),
            to_device(inside_, {tables_, vocabulary}, like).to(like.scalar_type()),
            at::arange(width_, like.options().dtype(at::kLong)),
            {},
            {}};
  }

  std::vector<int64_t> replica, weight, bias;

 private:
  int64_t width_;
  int64_t tables_ = 0;
  std::vector<int64_t> first_, inside_;
};

StackedEmbedding::StackedEmbedding(const std::vector<Replica>& replicas, const Arena& stack, int64_t width)
    : parameters_(stack.parameters.view({-1})), gradients_(stack.gradients.view({-1})) {
  const int64_t row_size = stack.parameters.size(1);
  const int64_t vocabulary = replicas[0].layout->at(replicas[0].layout->weights.head.weight).shape[0];
  Builder direct(width);
  std::map<int64_t, Builder> projected;  // by width
  std::vector<at::Tensor> noise = {at::zeros({1, width}, stack.parameters.options())};
  std::vector<int64_t> noise_row;
  int64_t noise_rows = 1;
  for (size_t r = 0; r < replicas.size(); ++r) {
    const EmbeddingPlan& plan = *replicas[r].plan;
    const Layout& layout = *replicas[r].layout;
    const int64_t start = (static_cast<int64_t>(r) + 1) * row_size - layout.size;
    const std::vector<Place> of_token = places(plan, vocabulary);
    const auto block_of = [&](int64_t b) -> const EmbeddingBlock& {
      return plan.blocks[static_cast<size_t>(b)];
    };
    const auto ids_of = [&](int64_t b) -> const BlockWeights<TensorId>& {
      return layout.weights.blocks[static_cast<size_t>(b)];
    };
    const auto first = [&](const Place& place) {
      return layout.at(ids_of(place.block).table).offset + place.row * block_of(place.block).width;
    };
    direct.add(
        of_token, start, [&](int64_t b) { return !block_of(b).projected; }, first);
    for (size_t b = 0; b < plan.blocks.size(); ++b) {
      const EmbeddingBlock& block = plan.blocks[b];
      if (!block.projected) continue;
      Builder& builder = projected.try_emplace(block.width, block.width).first->second;
      builder.add(
          of_token, start, [&](int64_t other) { return other == static_cast<int64_t>(b); }, first);
      builder.replica.push_back(static_cast<int64_t>(r));
      const LinearWeights<TensorId>& projection = layout.weights.blocks[b].projection;
      builder.weight.push_back(start + layout.at(projection.weight).offset);
      if (block.bias) builder.bias.push_back(start + layout.at(projection.bias).offset);
    }
    for (const Place& place : of_token) noise_row.push_back(place.block < 0 ? noise_rows + place.row : 0);
    if (plan.noise_rows > 0) noise.push_back(replicas[r].noise);
    noise_rows += plan.noise_rows;
  }

  direct_ = direct.rows(stack.parameters);
  for (const auto& [table_width, builder] : projected) {
    const auto tables = static_cast<int64_t>(builder.replica.size());
    const auto options = stack.parameters.options().dtype(at::kLong);
    Projected p;
    p.rows = builder.rows(stack.parameters);
    p.replica = to_device(builder.replica, {tables}, stack.parameters);
    p.weight = to_device(builder.weight, {tables, 1, 1}, stack.parameters) +
               at::arange(width * table_width, options).view({width, table_width});
    if (!builder.bias.empty())
      p.bias = to_device(builder.bias, {tables, 1, 1}, stack.parameters) + at::arange(width, options);
    projected_.push_back(std::move(p));
  }
  if (noise_rows == 1) return;
  noise_ = at::cat(noise);
  noise_row_ = to_device(noise_row, {static_cast<int64_t>(replicas.size()), vocabulary}, stack.parameters);
}

at::Tensor StackedEmbedding::gather(Rows& rows, const at::Tensor& tokens) const {
  rows.elements = rows.first.gather(1, tokens).unsqueeze(2) + rows.columns;
  rows.own = rows.inside.gather(1, tokens).unsqueeze(2);
  return parameters_.take(rows.elements) * rows.own;
}

at::Tensor StackedEmbedding::forward(const at::Tensor& tokens) {
  at::Tensor out = gather(direct_, tokens);
  for (Projected& p : projected_) {
    p.x = gather(p.rows, tokens.index_select(0, p.replica));
    p.projection = parameters_.take(p.weight);
    at::Tensor y = at::bmm(p.x, p.projection.transpose(1, 2));
    if (p.bias.defined()) y.addcmul_(parameters_.take(p.bias), p.rows.own);
    out.index_add_(0, p.replica, y);
  }
  if (noise_.defined())
    out.add_(noise_.index_select(0, noise_row_.gather(1, tokens).view({-1})).view(out.sizes()));
  return out;
}

void StackedEmbedding::add_gradient(const at::Tensor& elements, const at::Tensor& gradient) {
  gradients_.index_add_(0, elements.reshape({-1}), gradient.reshape({-1}));
}

void StackedEmbedding::backward(const at::Tensor& gradient) {
  add_gradient(direct_.elements, gradient * direct_.own);
  for (const Projected& p : projected_) {
    const at::Tensor own = gradient.index_select(0, p.replica) * p.rows.own;
    add_gradient(p.rows.elements, at::bmm(own, p.projection));
    add_gradient(p.weight, at::bmm(own.transpose(1, 2), p.x));
    if (p.bias.defined()) add_gradient(p.bias, own.sum(1, /*keepdim=*/true));
  }
}

}  // namespace ate
