#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "pipeline/stage.h"
#include "pipeline/stages.h"

namespace ate {
namespace {

struct Losses {
  at::Tensor kl;        // at the logits, mean over targets
  at::Tensor selector;  // summed over the layers; undefined where none learns
};

Losses losses(const World& world, const ModelBox& student, const at::Tensor& tokens) {
  AttentionTraces taught, traces;
  at::Tensor log_teacher;
  {
    const at::NoGradGuard no_grad;
    log_teacher = world.teacher->model.logits(tokens, taught).log_softmax(-1);
  }
  Losses out;
  const at::Tensor log_student = student.model.logits(tokens, traces).log_softmax(-1);
  out.kl = (log_teacher.exp() * (log_teacher - log_student)).sum(-1).mean();
  for (size_t layer = 0; layer < traces.size(); ++layer) {
    const SparseAttention* attention = student.model.attention(layer);
    if (attention == nullptr) continue;
    const int64_t heads = student.model.sparse_heads(layer);
    const at::Tensor scores = attention->selector_scores(traces[layer].heads.narrow(0, heads));
    if (!scores.defined()) continue;
    const at::Tensor exact = taught[layer].heads.narrow(0, heads).scores().softmax(-1);
    const at::Tensor loss = selection_loss(exact, scores);
    out.selector = out.selector.defined() ? out.selector + loss : loss;
  }
  return out;
}

}  // namespace

AttentionConfig student_attention(const World& world, AttentionKind kind, int64_t k) {
  AttentionConfig attention;
  attention.kind = kind;
  attention.k = k;
  if (kind == AttentionKind::mlp_topk) attention.hidden = world.config.attention.hidden;
  if (kind == AttentionKind::lowrank_topk) {
    const int64_t width = world.config.body.width / world.config.body.heads;
    attention.rank = std::min(attention.rank, width);
  }
  if (kind == AttentionKind::block_topk) attention.block = std::min<int64_t>(2, k);
  return attention;
}

Student train_student(const World& world, const std::string& name, const AttentionConfig& attention,
                      double save_seconds) {
  Student out;
  out.name = name;
  out.attention = attention;
  Config config = world.config;
  config.attention = attention;
  out.model = std::make_unique<ModelBox>(config, world.id, world.corpus, world.device);
  out.model->copy_from(*world.teacher);
  Stage stage{name, config.train.student_steps, config.optimiser, save_seconds};
  stage.optimiser.learning_rate = config.train.student_learning_rate;
  stage.optimiser.clip_norm = stage.optimiser.clip_norm > 0 ? stage.optimiser.clip_norm : 1.0;
  const int64_t length = config.windows.length;
  out.loss = run_stage(stage, out.model->layout, out.model->arena, *world.run, [&](int64_t step) {
    // After the batches that the head's stages collected.
    const at::Tensor tokens = world.fresh_windows(config.train.collect_batches + step)
                                  .narrow(1, 0, length)
                                  .contiguous()
                                  .to(world.device);
    const Losses parts = losses(world, *out.model, tokens);
    if (!parts.selector.defined() || attention.distil == 0) return parts.kl;
    // The selector's loss is in the gradient, not in the value that is reported.
    const at::Tensor selector = attention.distil * parts.selector;
    return parts.kl + (selector - selector.detach());
  });
  out.score = score(world, *out.model);
  return out;
}

}  // namespace ate
