// The models written a second time, one number after the other in double, straight from their formulas: an
// embedding looked up token by token, attention pair by pair, dropout masks bit by bit. Slow, and obviously
// right.
#pragma once

#include <vector>

#include "helpers/rig.h"

namespace ate::testing {

class ReferenceModel {
 public:
  // `rig` holds the parameters; `noise` as given to it.
  explicit ReferenceModel(const Rig& rig, const at::Tensor& noise = {});

  // Logits of every prediction of every window: [window][prediction][token].
  using Logits = std::vector<std::vector<std::vector<double>>>;
  Logits logits(const at::Tensor& tokens) const { return forward(tokens, nullptr); }
  // Mean cross-entropy with the dropout masks of (key, step).
  double training_loss(const at::Tensor& windows, RandomKey key, uint32_t step) const;

 private:
  using Row = std::vector<double>;
  struct Masks {
    RandomKey key;
    uint32_t step;
    double p;
    double at(uint32_t site, int64_t i) const;
  };

  const double* parameter(const std::string& name) const;
  Row embed(int64_t token) const;
  Row linear(const Row& x, const std::string& weight, const std::string& bias, int64_t out) const;
  Row norm(const Row& x, const std::string& name) const;
  void encode(std::vector<Row>& x, int64_t window, int64_t layer, const Masks* masks) const;
  std::vector<Row> attend(const std::vector<Row>& x, int64_t window, int64_t layer, const Masks* masks) const;
  Logits forward(const at::Tensor& tokens, const Masks* masks) const;

  const Config& config_;
  const EmbeddingPlan& plan_;
  const Layout& layout_;
  at::Tensor parameters_, noise_;
};

}  // namespace ate::testing
