#include "model/fused/fused_step.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include "config/kernels.h"
#include "model/fused/context.h"
#include "model/fused/fused_embedding.h"
#include "model/fused/fused_layer.h"
#include "support/error.h"

namespace ate {
namespace {

// The elements that lie in both.
Run common(const Run& a, const Run& b) {
  const int64_t begin = std::max(a.offset, b.offset);
  return {begin, std::min(a.offset + a.count, b.offset + b.count) - begin};
}

template <class E>
class FusedEncoder final : public FusedStep {
 public:
  FusedEncoder(const Config& config, const EmbeddingPlan& plan, const Layout& layout,
               const HostArrays& arrays, const float* noise, std::unique_ptr<HeadAttention> attention,
               const kernels::KernelSet& set)
      : attention_(std::move(attention)),
        c_(config, plan, layout, arrays, set, attention_.get()),
        tokens_(static_cast<size_t>(c_.rows)),
        targets_(static_cast<size_t>(c_.rows)),
        first_(c_.layer_rows()),
        embedding_(c_, noise),
        scratch_(c_),
        // pre: the stream begins with it; no product reads the operands.
        embedded_(pre() ? LayerRows<E>{scratch_.residual, scratch_.branch} : first_) {
    if (pre()) norm_.emplace(c_, layout.weights.layers.front().norm1);
    for (int64_t i = 0; i < config.body.layers; ++i)
      layers_.emplace_back(c_, scratch_, i, i == 0 ? first_ : layers_.back().output());
    last_ = layers_.back().output();
    if (!pre() && config.body.final_norm) {
      last_ = c_.layer_rows();
      norm_.emplace(c_, layout.weights.norm);
    }
    const int64_t vocabulary = config.source.vocabulary;
    logits_ = c_.buffers.template take<E>(c_.rows * vocabulary);
    row_ = c_.buffers.template take<float>(vocabulary);
    const LinearWeights<TensorId>& head = layout.weights.head;
    head_bias_ = c_.weight(head.bias);
    dhead_bias_ = c_.gradient(head.bias);
    head_ = LinearProducts<E>(c_, c_.operand(head.weight), c_.gradient(head.weight), c_.width, vocabulary,
                              last_.operand, logits_, logits_, scratch_.dx);
    parameters_changed();
  }

  double loss_and_gradients(const int64_t* windows, RandomKey key, uint32_t step) override {
    c_.enter(StepPart::embedding);
    // A kind's own parameters: their gradients are added.
    if (c_.config.attention.kind->add_parameters != nullptr)
      std::fill_n(c_.arrays.gradients, c_.layout.size, 0.0F);
    split(windows);
    embedding_.forward(tokens_.data(), embedded_, key, step);
    if (pre()) norm_->forward(embedded_.stream, nullptr, nullptr, first_, key, step);
    for (FusedLayer<E>& layer : layers_) layer.forward(key, step);
    if (!pre() && norm_) norm_->forward(layers_.back().output().stream, nullptr, nullptr, last_, key, step);
    c_.enter(StepPart::products);
    head_.forward();
    c_.enter(StepPart::loss);
    const double loss = c_.kernel.cross_entropy(c_.rows, c_.config.source.vocabulary, logits_, head_bias_,
                                                targets_.data(), dhead_bias_, row_) /
                        static_cast<double>(c_.rows);
    c_.enter(StepPart::products);
    head_.gradient();
    head_.backward();
    const float* dy = nullptr;
    const E* dy_branch = scratch_.dx;
    if (!pre() && norm_) {
      norm_->backward(dy, dy_branch, nullptr, scratch_.dstream, nullptr);
      dy = scratch_.dstream;
      dy_branch = nullptr;
    }
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      layer->backward(dy, dy_branch);
      dy = scratch_.dstream;
      dy_branch = scratch_.dx;
    }
    if (pre()) {
      norm_->backward(nullptr, dy_branch, dy, scratch_.dstream, nullptr);
      dy_branch = nullptr;
    }
    c_.enter(StepPart::embedding);
    embedding_.backward(tokens_.data(), dy, dy_branch);
    leave();
    return loss;
  }

  void update(const OptimiserConfig& config, double learning_rate, int64_t step) override {
    c_.enter(StepPart::optimiser);
    const auto count = static_cast<double>(step);
    kernels::AdamStep adam = {config.kind->decoupled_decay,
                              1,
                              static_cast<float>(learning_rate),
                              static_cast<float>(config.beta1),
                              static_cast<float>(config.beta2),
                              static_cast<float>(config.epsilon),
                              static_cast<float>(config.weight_decay),
                              static_cast<float>(1 - std::pow(config.beta1, count)),
                              static_cast<float>(std::sqrt(1 - std::pow(config.beta2, count)))};
    const std::vector<Run> sides =
        runs(c_.layout, [](const ParameterTensor& tensor) { return tensor.side_loss; });
    const double factors[] = {clip_factor(config, sides, false), clip_factor(config, sides, true)};
    const HostArrays& a = c_.arrays;
    for (const Run& side : sides)
      for (const Run& decayed : decayed_runs(c_.layout, config.decayed)) {
        const Run run = common(side, decayed);
        if (run.count <= 0) continue;
        adam.gradient_factor = static_cast<float>(factors[side.value ? 1 : 0]);
        adam.weight_decay = decayed.value ? static_cast<float>(config.weight_decay) : 0;
        c_.kernel.adam(adam, run.count, a.parameters + run.offset, a.gradients + run.offset,
                       a.first_moment + run.offset, a.second_moment + run.offset,
                       copy() == nullptr ? nullptr : copy() + run.offset);
      }
    leave();
  }

  void parameters_changed() override {
    if (copy() != nullptr) c_.kernel.to_operand(c_.layout.size, c_.arrays.parameters, copy());
  }

  void set_profile(Profile* profile) override { c_.profile = profile; }

 private:
  // Of what learns from a side loss, or of all else.
  double clip_factor(const OptimiserConfig& config, const std::vector<Run>& sides, bool side) const {
    if (config.clip_norm <= 0) return 1;
    double squares = 0;
    for (const Run& run : sides)
      if (run.value == side) squares += c_.kernel.sum_of_squares(run.count, c_.arrays.gradients + run.offset);
    return std::min(1.0, config.clip_norm / (std::sqrt(squares) + 1e-6));
  }

  void leave() const {
    if (c_.profile != nullptr) c_.profile->leave();
  }

  E* copy() const {
    if constexpr (std::is_same_v<E, float>)
      return nullptr;
    else
      return c_.operands;
  }

  bool pre() const { return c_.config.body.norm == Norm::pre; }

  // Inputs and targets, which lie one further, of windows [B, T + 1].
  void split(const int64_t* windows) {
    const int64_t length = c_.config.windows.length;
    for (int64_t i = 0; i < c_.rows; ++i) {
      const int64_t at = i / length * (length + 1) + i % length;
      tokens_[static_cast<size_t>(i)] = windows[at];
      targets_[static_cast<size_t>(i)] = windows[at + 1];
    }
  }

  std::unique_ptr<HeadAttention> attention_;
  FusedContext<E> c_;
  std::vector<int64_t> tokens_, targets_;
  LayerRows<E> first_;  // what the first layer reads
  FusedEmbedding<E> embedding_;
  LayerScratch<E> scratch_;
  LayerRows<E> embedded_;
  std::deque<FusedLayer<E>> layers_;
  // The norm that has no branch before it: post: the last one, if there is one; pre: the first layer's first one.
  std::optional<FusedNorm<E>> norm_;
  LayerRows<E> last_;  // what the head reads
  E* logits_;
  float* row_;
  const float* head_bias_;
  float* dhead_bias_;
  LinearProducts<E> head_;
};

const kernels::KernelSet& kernel_set(const std::string& instructions) {
  for (const kernels::KernelSet& set : kernels::kernel_sets())
    if (instructions.empty() || set.name == instructions) return set;
  throw Failure("kernels", "this processor has no " + instructions);
}

}  // namespace

std::unique_ptr<FusedStep> make_fused_step(const Config& config, const EmbeddingPlan& plan,
                                           const Layout& layout, const HostArrays& arrays, const float* noise,
                                           std::unique_ptr<HeadAttention> attention,
                                           const std::string& instructions) {
  if (const std::string why = why_not_fused(config); !why.empty()) throw Failure("/kernels", why);
  const kernels::KernelSet& set = kernel_set(instructions);
  const auto make = [&]<class E>() -> std::unique_ptr<FusedStep> {
    return std::make_unique<FusedEncoder<E>>(config, plan, layout, arrays, noise, std::move(attention), set);
  };
  return config.dtype == Dtype::bf16 ? make.template operator()<kernels::bf16>()
                                     : make.template operator()<float>();
}

}  // namespace ate
