#include "pipeline/frontier.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "config/fields.h"
#include "model/flops.h"
#include "support/clock.h"

namespace ate {
namespace {

constexpr int kRepeats = 15;

template <class Call>
double median_seconds(Call&& call) {
  std::vector<double> times;
  for (int i = 0; i < kRepeats + 2; ++i) {
    const double start = wall_seconds();
    call();
    const double seconds = wall_seconds() - start;
    if (i >= 2) times.push_back(seconds);  // after warming up
  }
  std::nth_element(times.begin(), times.begin() + kRepeats / 2, times.end());
  return times[kRepeats / 2];
}

// The first layer's heads of a model on one batch.
HeadInputs heads_of(const World& world, const ModelBox& box) {
  AttentionTraces traces;
  (void)box.model.logits(
      world.fresh_windows(0).narrow(1, 0, world.config.windows.length).contiguous().to(world.device), traces);
  HeadInputs heads = traces[0].heads;
  heads.queries = heads.queries.contiguous();
  heads.keys = heads.keys.contiguous();
  heads.values = heads.values.contiguous();
  return heads;
}

}  // namespace

FrontierResult run_frontier(const World& world, double save_seconds) {
  const int64_t length = world.config.windows.length;
  FrontierResult out;
  std::vector<Student> students;
  for (const AttentionKind kind : world.config.train.kinds)
    for (const int64_t part : {32, 16, 8, 4}) {
      if (kind == AttentionKind::dense || length / part < 1) continue;
      const AttentionConfig attention = student_attention(world, kind, length / part);
      students.push_back(train_student(
          world, std::string(enum_name(kind)) + "-k" + std::to_string(attention.k), attention, save_seconds));
    }
  // Timed together, after all training, so that one state of the machine serves all.
  const at::NoGradGuard no_grad;
  {
    const HeadInputs heads = heads_of(world, *world.teacher);
    out.dense_seconds = median_seconds([&] { return at::matmul(heads.scores().softmax(-1), heads.values); });
    out.dense_flops = attention_flops_per_token(world.config, AttentionKind::dense);
  }
  for (Student& student : students) {
    FrontierPoint point;
    point.flops = attention_flops_per_token(student.model->config, student.attention.kind);
    const HeadInputs heads = heads_of(world, *student.model);
    point.seconds = median_seconds([&] { return student.model->model.attention(0)->attend(heads, nullptr); });
    out.teacher_loss = student.score.teacher_loss;
    point.student = std::move(student);
    out.points.push_back(std::move(point));
  }
  return out;
}

}  // namespace ate
