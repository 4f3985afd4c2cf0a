#include "distil/students.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <functional>

#include "distil/score.h"
#include "distil/stage.h"
#include "support/timing.h"

namespace ate {
namespace {

// The loss of a student on the tokens of a batch.
TrainingLoss student_loss(const Teacher& teacher, const Instance& student, const at::Tensor& tokens) {
  AttentionTraces taught, traces;
  at::Tensor log_teacher;
  {
    const at::NoGradGuard no_grad;
    log_teacher = teacher.model->model.logits(tokens, taught).log_softmax(-1);
  }
  TrainingLoss out;
  const at::Tensor log_student = student.model.logits(tokens, traces).log_softmax(-1);
  out.model = (log_teacher.exp() * (log_teacher - log_student)).sum(-1).mean();
  const double weight = student.config.attention.distil;
  if (!student.config.attention.kind->learns || weight == 0) return out;
  at::Tensor sum;
  for (size_t layer = 0; layer < traces.size(); ++layer) {
    const SparseAttention* attention = student.model.attention(layer);
    if (attention == nullptr) continue;
    const int64_t heads = student.model.sparse_heads(layer);
    const at::Tensor exact = taught[layer].heads.narrow(0, heads).scores().softmax(-1);
    const at::Tensor loss =
        selection_loss(exact, attention->selector_scores(traces[layer].heads.narrow(0, heads)));
    sum = sum.defined() ? sum + loss : loss;
  }
  out.side = weight * sum;
  return out;
}

// The first layer's heads of a model on one batch.
HeadInputs heads_of(const Teacher& teacher, const Instance& model) {
  AttentionTraces traces;
  (void)model.model.logits(teacher.tokens_of(teacher.fresh_windows(0)), traces);
  HeadInputs heads = traces[0].heads;
  heads.queries = heads.queries.contiguous();
  heads.keys = heads.keys.contiguous();
  heads.values = heads.values.contiguous();
  return heads;
}

}  // namespace

AttentionConfig student_attention(const Teacher& teacher, AttentionKind kind, int64_t k) {
  const Config& config = teacher.config;
  AttentionConfig attention = kind == config.attention.kind ? config.attention : AttentionConfig();
  attention.kind = kind;
  attention.k = k;
  attention.heads = attention.layers = 0;
  if (kind->fit_student != nullptr) kind->fit_student(config, attention);
  return attention;
}

Student train_student(const Teacher& teacher, const AttentionConfig& attention) {
  Student out;
  out.result.attention = attention.kind->name;
  out.result.k = attention.k;
  out.result.name = fmt::format("{}-k{}", attention.kind->name, attention.k);
  Config config = teacher.config;
  config.attention = attention;
  out.model = std::make_unique<Instance>(config, teacher.id, teacher.data.corpus, teacher.device);
  out.model->copy_from(*teacher.model);
  StagePlan plan{out.result.name, config.train.student_steps, config.optimiser};
  plan.optimiser.learning_rate = config.train.student_learning_rate;
  plan.optimiser.clip_norm = config.train.student_clip_norm;
  const StageEnd end = run_stage(plan, out.model->layout, out.model->arena, teacher, [&](int64_t step) {
    // After the batches that the head's stages collected.
    return student_loss(teacher, *out.model,
                        teacher.tokens_of(teacher.fresh_windows(config.train.collect_batches + step)));
  });
  out.result.failed = end.failed;
  if (end.failed.empty()) out.result.score = score(teacher, *out.model);
  return out;
}

FrontierResult run_frontier(const Teacher& teacher) {
  constexpr int kRounds = 15;
  constexpr int kWarmUp = 2;
  const int64_t length = teacher.config.windows.length;
  FrontierResult out;
  std::vector<Student> students;
  for (const AttentionKind& kind : teacher.config.train.kinds)
    for (const int64_t part : {32, 16, 8, 4})
      if (kind != AttentionKind::dense && length / part >= 1)
        students.push_back(train_student(teacher, student_attention(teacher, kind, length / part)));
  // Timed in turns, after all training, so that one state of the machine serves all.
  const at::NoGradGuard no_grad;
  const HeadInputs dense = heads_of(teacher, *teacher.model);
  std::vector<std::function<void()>> calls = {
      [&] { (void)at::matmul(dense.scores().softmax(-1), dense.values); }};
  for (const Student& student : students)
    calls.emplace_back([&, heads = heads_of(teacher, *student.model)] {
      (void)student.model->model.attention(0)->attend(heads, nullptr);
    });
  const std::vector<double> seconds = median_seconds_in_turns(calls, kRounds, kWarmUp);
  out.dense_seconds = seconds[0];
  out.dense_flops = AttentionKind::dense->flops(teacher.config);
  for (size_t i = 0; i < students.size(); ++i) {
    const Config& config = students[i].model->config;
    out.points.push_back({students[i].result, config.attention.kind->flops(config), seconds[i + 1]});
    if (students[i].result.failed.empty()) out.teacher_loss = students[i].result.score.teacher_loss;
  }
  return out;
}

}  // namespace ate
