#include "distil/score.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "train/evaluation.h"
#include "train/excess.h"

namespace ate {
namespace {

constexpr int64_t kScoredBatch = 64;  // windows scored at a time

// Answers of a recall source by distance.
class Distances {
 public:
  explicit Distances(const SourceConfig& source)
      : mark_(source.vocabulary - 1 - source.keys - source.values), first_value_(mark_ + 1 + source.keys) {
    for (const auto& [nearest, furthest] :
         {std::pair<int64_t, int64_t>{1, 8}, {9, 16}, {17, 32}, {33, 64}, {65, 1 << 20}, {0, 0}})
      scores_.push_back({nearest, furthest});
  }

  // window: T + 1 tokens; the other three: of each position's target.
  void add(const int64_t* window, int64_t length, const double* teacher, const double* model,
           const int64_t* best) {
    for (int64_t t = 1; t < length; ++t) {
      const bool asked = window[t - 1] == mark_ && window[t] > mark_ && window[t] < first_value_;
      if (!asked) continue;
      int64_t before = t - 1;
      while (before >= 0 && window[before] != window[t]) --before;
      const int64_t distance = before < 0 ? 0 : t - before;
      for (DistanceScore& score : scores_) {
        if (distance < score.nearest || distance > score.furthest) continue;
        ++score.targets;
        score.teacher_loss += teacher[t];
        score.loss += model[t];
        score.accuracy += best[t] == window[t + 1] ? 1 : 0;
      }
    }
  }

  std::vector<DistanceScore> means() const {
    std::vector<DistanceScore> out;
    for (DistanceScore score : scores_) {
      if (score.targets == 0) continue;
      const auto n = static_cast<double>(score.targets);
      score.teacher_loss /= n;
      score.loss /= n;
      score.accuracy /= n;
      out.push_back(score);
    }
    return out;
  }

 private:
  int64_t mark_, first_value_;
  std::vector<DistanceScore> scores_;
};

// Sums of the attention mass that choices hold.
struct Mass {
  double chosen = 0, best = 0, queries = 0;

  void add(const HeadInputs& heads, const SparseAttention& attention, int64_t k) {
    const at::Tensor exact = heads.scores().softmax(-1);
    const Selection selection = attention.select(heads);
    at::Tensor mass = exact.gather(-1, selection.positions);
    if (selection.absent.defined()) mass = mass.masked_fill(selection.absent, 0);
    chosen += mass.sum().item<double>();
    best += std::get<0>(exact.topk(std::min(k, exact.size(-1)), -1)).sum().item<double>();
    const int64_t rows = exact.numel() / exact.size(-1);
    queries += static_cast<double>(rows);
  }
};

}  // namespace

Score score(const Teacher& teacher, const Instance& student) {
  const at::NoGradGuard no_grad;
  const Config& config = teacher.config;
  const int64_t length = config.windows.length;
  const at::Tensor windows = teacher.data.validation_windows();
  const std::vector<Band> one_band(static_cast<size_t>(teacher.data.corpus.vocabulary));
  std::optional<ExcessScorer> scorer;
  if (teacher.data.source->laws() != nullptr)
    scorer.emplace(*teacher.data.source->laws(), one_band, teacher.device);
  ExcessSums excess, teacher_excess;
  Distances distances(config.source);
  Mass mass;
  Score out;
  double squares = 0, error = 0, norm = 0;
  for (int64_t first = 0; first < windows.size(0); first += kScoredBatch) {
    const int64_t count = std::min(kScoredBatch, windows.size(0) - first);
    const at::Tensor batch = windows.narrow(0, first, count);
    const at::Tensor tokens = teacher.tokens_of(batch);
    const at::Tensor targets = batch.narrow(1, 1, length).contiguous().to(teacher.device);
    AttentionTraces traces;
    const at::Tensor logits = student.model.logits(tokens, traces);
    const at::Tensor teacher_logits = teacher.model->model.logits(tokens);
    const at::Tensor log_model = logits.log_softmax(-1);
    const at::Tensor log_teacher = teacher_logits.log_softmax(-1);
    const auto loss_of = [&](const at::Tensor& log) {
      return (-log.gather(2, targets.unsqueeze(2)).squeeze(2)).to(at::kCPU, at::kDouble).contiguous();
    };
    const at::Tensor loss = loss_of(log_model);
    const at::Tensor teacher_loss = loss_of(log_teacher);
    const at::Tensor best = logits.argmax(-1);
    const at::Tensor teacher_best = teacher_logits.argmax(-1);
    out.targets += loss.numel();
    out.loss += loss.sum().item<double>();
    out.teacher_loss += teacher_loss.sum().item<double>();
    squares += (loss - teacher_loss).square().sum().item<double>();
    out.kl += (log_teacher.exp() * (log_teacher - log_model)).sum().item<double>();
    error += (logits - teacher_logits).square().sum().item<double>();
    norm += teacher_logits.square().sum().item<double>();
    out.accuracy += (best == targets).sum().item<double>();
    out.teacher_accuracy += (teacher_best == targets).sum().item<double>();
    out.agreement += (best == teacher_best).sum().item<double>();
    for (size_t layer = 0; layer < traces.size(); ++layer)
      if (const SparseAttention* attention = student.model.attention(layer))
        mass.add(traces[layer].heads.narrow(0, student.model.sparse_heads(layer)), *attention,
                 student.config.attention.k);
    if (scorer) {
      const std::vector<NextLaw> scored = target_laws(*teacher.data.source, batch, length, length);
      scorer->add(log_model.flatten(0, 1), scored, excess);
      scorer->add(log_teacher.flatten(0, 1), scored, teacher_excess);
    }
    if (config.source.kind != SourceKind::recall) continue;
    const at::Tensor best_host = best.cpu().contiguous();
    for (int64_t i = 0; i < count; ++i)
      distances.add(batch.const_data_ptr<int64_t>() + i * (length + 1), length,
                    teacher_loss.const_data_ptr<double>() + i * length,
                    loss.const_data_ptr<double>() + i * length,
                    best_host.const_data_ptr<int64_t>() + i * length);
  }
  const auto n = static_cast<double>(out.targets);
  for (double* sum :
       {&out.loss, &out.teacher_loss, &out.kl, &out.accuracy, &out.teacher_accuracy, &out.agreement})
    *sum /= n;
  const double difference = out.loss - out.teacher_loss;
  out.standard_error = std::sqrt(std::max(0.0, squares / n - difference * difference) / n);
  out.logit_error = std::sqrt(error / norm);
  if (mass.queries > 0) {
    out.recall = mass.chosen / mass.queries;
    out.oracle_recall = mass.best / mass.queries;
  }
  if (scorer) {
    out.excess = excess.mean();
    out.teacher_excess = teacher_excess.mean();
  }
  out.distances = distances.means();
  // Several windows and places: a choice may miss one change.
  if (config.body.causal)
    out.leak = largest_leak(student.model, teacher.tokens_of(teacher.fresh_windows(0)),
                            {length / 4, length / 2, 3 * length / 4, length - 1}, config.source.vocabulary);
  return out;
}

}  // namespace ate
