#include "model/reference_model.h"

#include <cmath>
#include <limits>

namespace ate::testing {

ReferenceModel::ReferenceModel(const Rig& rig, const at::Tensor& noise)
    : config_(rig.config),
      plan_(rig.plan),
      layout_(rig.layout),
      parameters_(rig.arena.parameters.to(at::kDouble)),
      noise_(noise.defined() ? noise.to(at::kDouble).contiguous() : at::Tensor()) {}

// Element i of a mask: 16 bits of counted random numbers against the probability in 65536ths.
double ReferenceModel::Masks::at(uint32_t site, int64_t i) const {
  const auto block = random_block(key, Purpose::dropout, site, step, static_cast<uint64_t>(i / 8));
  const auto j = static_cast<size_t>(i % 8);
  const uint32_t bits = (block[j / 2] >> (j % 2 == 0 ? 0 : 16)) & 0xffffU;
  const double q = std::round(p * 65536);
  return bits < q ? 0.0 : static_cast<double>(static_cast<float>(65536 / (65536 - q)));
}

const double* ReferenceModel::parameter(const std::string& name) const {
  return parameters_.const_data_ptr<double>() + layout_.at(name).offset;
}

ReferenceModel::Row ReferenceModel::linear(const Row& x, const std::string& weight, const std::string& bias,
                                           int64_t out) const {
  const double* w = parameter(weight);
  Row y(static_cast<size_t>(out));
  for (size_t o = 0; o < y.size(); ++o) {
    y[o] = bias.empty() ? 0 : parameter(bias)[o];
    for (size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
  }
  return y;
}

ReferenceModel::Row ReferenceModel::norm(const Row& x, const std::string& name) const {
  const auto n = static_cast<double>(x.size());
  double mean = 0;
  double variance = 0;
  for (const double v : x) mean += v / n;
  for (const double v : x) variance += (v - mean) * (v - mean) / n;
  Row y(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = (x[i] - mean) / std::sqrt(variance + 1e-5) * parameter(name + ".weight")[i] +
           parameter(name + ".bias")[i];
  return y;
}

// A token's row, found by walking the blocks: in which one its place in the stacked rows falls.
ReferenceModel::Row ReferenceModel::embed(int64_t token) const {
  int64_t place = plan_.row_of.empty() ? token : plan_.row_of[static_cast<size_t>(token)];
  for (const EmbeddingBlock& block : plan_.blocks) {
    if (place >= block.live_rows()) {
      place -= block.live_rows();
      continue;
    }
    const int64_t row = block.live.empty() ? place : block.live[static_cast<size_t>(place)];
    const double* begin = parameter(block.name + ".weight") + row * block.width;
    const Row values(begin, begin + block.width);
    if (!block.projected) return values;
    return linear(values, block.name + ".projection.weight",
                  block.bias ? block.name + ".projection.bias" : "", config_.body.width);
  }
  const double* begin = noise_.const_data_ptr<double>() + place * config_.body.width;
  return {begin, begin + config_.body.width};
}

std::vector<ReferenceModel::Row> ReferenceModel::attend(const std::vector<Row>& x, int64_t window,
                                                        int64_t layer, const Masks* masks) const {
  const std::string name = "layers." + std::to_string(layer) + ".self_attn.";
  const auto length = static_cast<int64_t>(x.size());
  const int64_t d = config_.body.width;
  const int64_t heads = config_.body.heads;
  const int64_t head_width = d / heads;
  std::vector<Row> stacked;  // query, key, value of each position, one after the other
  for (const Row& row : x)
    stacked.push_back(linear(row, name + "in_proj_weight", name + "in_proj_bias", 3 * d));
  std::vector<Row> mixed(x.size(), Row(static_cast<size_t>(d)));
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t t = 0; t < length; ++t) {
      const int64_t visible = config_.body.causal ? t + 1 : length;
      const auto part = [&](int64_t position, int64_t kind, int64_t i) {
        return stacked[static_cast<size_t>(position)][static_cast<size_t>(kind * d + head * head_width + i)];
      };
      Row weights(static_cast<size_t>(length));
      double total = 0;
      for (int64_t s = 0; s < visible; ++s) {
        double score = 0;
        for (int64_t i = 0; i < head_width; ++i) score += part(t, 0, i) * part(s, 1, i);
        weights[static_cast<size_t>(s)] = std::exp(score / std::sqrt(static_cast<double>(head_width)));
        total += weights[static_cast<size_t>(s)];
      }
      for (int64_t s = 0; s < visible; ++s) {
        double weight = weights[static_cast<size_t>(s)] / total;
        if (masks != nullptr)
          weight *= masks->at(static_cast<uint32_t>(4 * layer),
                              ((window * heads + head) * length + t) * length + s);
        for (int64_t i = 0; i < head_width; ++i)
          mixed[static_cast<size_t>(t)][static_cast<size_t>(head * head_width + i)] += weight * part(s, 2, i);
      }
    }
  for (Row& row : mixed) row = linear(row, name + "out_proj.weight", name + "out_proj.bias", d);
  return mixed;
}

void ReferenceModel::encode(std::vector<Row>& x, int64_t window, int64_t layer, const Masks* masks) const {
  const std::string name = "layers." + std::to_string(layer) + ".";
  const auto length = static_cast<int64_t>(x.size());
  const auto drop = [&](Row& row, int64_t t, uint32_t site) {
    const auto width = static_cast<int64_t>(row.size());
    for (int64_t i = 0; masks != nullptr && i < width; ++i)
      row[static_cast<size_t>(i)] *=
          masks->at(static_cast<uint32_t>(4 * layer) + site, (window * length + t) * width + i);
  };
  const auto add = [](Row a, const Row& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  };
  const bool pre = config_.body.norm == Norm::pre;
  const auto activate = [&](double h) {
    return config_.body.activation == Activation::gelu ? h * 0.5 * (1 + std::erf(h / std::sqrt(2.0)))
                                                       : std::max(h, 0.0);
  };
  const auto feed_forward = [&](const Row& y, int64_t t) {
    Row hidden = linear(y, name + "linear1.weight", name + "linear1.bias",
                        config_.body.feedforward * config_.body.width);
    for (double& h : hidden) h = activate(h);
    drop(hidden, t, 2);
    Row out = linear(hidden, name + "linear2.weight", name + "linear2.bias", config_.body.width);
    drop(out, t, 3);
    return out;
  };
  std::vector<Row> read = x;
  if (pre)
    for (Row& row : read) row = norm(row, name + "norm1");
  std::vector<Row> attended = attend(read, window, layer, masks);
  for (int64_t t = 0; t < length; ++t) {
    Row& row = x[static_cast<size_t>(t)];
    drop(attended[static_cast<size_t>(t)], t, 1);
    row = add(row, attended[static_cast<size_t>(t)]);
    if (!pre) row = norm(row, name + "norm1");
    row = add(row, feed_forward(pre ? norm(row, name + "norm2") : row, t));
    if (!pre) row = norm(row, name + "norm2");
  }
}

ReferenceModel::Logits ReferenceModel::forward(const at::Tensor& tokens, const Masks* masks) const {
  const BodyConfig& body = config_.body;
  Logits logits;
  for (int64_t window = 0; window < tokens.size(0); ++window) {
    std::vector<Row> x;
    for (int64_t t = 0; t < tokens.size(1); ++t) {
      x.push_back(embed(tokens[window][t].item<int64_t>()));
      if (body.kind == BodyKind::encoder && body.positions == Positions::learned)
        for (int64_t i = 0; i < body.width; ++i)
          x.back()[static_cast<size_t>(i)] += parameter("positions.weight")[t * body.width + i];
    }
    if (body.kind == BodyKind::bag) {
      Row mean(static_cast<size_t>(body.width));
      for (const Row& row : x)
        for (size_t i = 0; i < mean.size(); ++i) mean[i] += row[i] / static_cast<double>(x.size());
      x = {mean};
    } else {
      for (int64_t layer = 0; layer < body.layers; ++layer) encode(x, window, layer, masks);
      if (body.final_norm)
        for (Row& row : x) row = norm(row, "norm");
    }
    const std::string head = plan_.tied ? "embedding.weight" : "head.weight";
    for (Row& row : x) row = linear(row, head, "head.bias", config_.source.vocabulary);
    logits.push_back(x);
  }
  return logits;
}

double ReferenceModel::training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const {
  const int64_t length = config_.windows.length;
  const Masks masks = {key, step, config_.body.dropout};
  const bool drops = config_.body.kind == BodyKind::encoder && config_.body.dropout > 0;
  const Logits all = forward(windows.narrow(1, 0, length), drops ? &masks : nullptr);
  double sum = 0;
  double count = 0;
  for (size_t n = 0; n < all.size(); ++n)
    for (size_t i = 0; i < all[n].size(); ++i) {
      const int64_t place = length + 1 - static_cast<int64_t>(all[n].size() - i);
      const Row& logits = all[n][i];
      double total = 0;
      for (const double logit : logits) total += std::exp(logit);
      sum += std::log(total) -
             logits[static_cast<size_t>(windows[static_cast<int64_t>(n)][place].item<int64_t>())];
      ++count;
    }
  return sum / count;
}

}  // namespace ate::testing
