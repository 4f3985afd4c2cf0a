#include "train/evaluation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"
#include "train/batch_means.h"

namespace ate {
namespace {

// The targets' losses, summed overall, by position and by band.
class LossSums {
 public:
  // `targets`: how many will be added, `unit` of a window. `positions`: of a window.
  LossSums(int64_t targets, int64_t unit, int64_t positions)
      : by_position_(static_cast<size_t>(positions)),
        at_position_(static_cast<size_t>(positions)),
        in_order_(targets, unit) {}

  void add(int64_t position, Band band, double loss) {
    by_position_[static_cast<size_t>(position)] += loss;
    ++at_position_[static_cast<size_t>(position)];
    in_order_.add(loss);
    by_band_.at(static_cast<size_t>(band)) += loss;
    ++in_band_.at(static_cast<size_t>(band));
    ++targets_;
  }

  Evaluation means() const {
    Evaluation evaluation;
    evaluation.targets = targets_;
    for (size_t i = 0; i < by_position_.size(); ++i) {
      evaluation.loss += by_position_[i] / static_cast<double>(targets_);
      // NaN where nothing is asked.
      evaluation.by_position.push_back(by_position_[i] / static_cast<double>(at_position_[i]));
    }
    evaluation.standard_error = in_order_.standard_error();
    for (size_t band = 0; band < evaluation.bands.size(); ++band) {
      BandScore& score = evaluation.bands.at(band);
      score.targets = in_band_.at(band);
      if (score.targets > 0) score.loss = by_band_.at(band) / static_cast<double>(score.targets);
    }
    return evaluation;
  }

 private:
  std::vector<double> by_position_;
  std::vector<int64_t> at_position_;
  std::array<double, kBandsAndNone> by_band_{};
  std::array<int64_t, kBandsAndNone> in_band_{};
  BatchMeans in_order_;
  int64_t targets_ = 0;
};

// How many targets the windows have.
int64_t count_targets(const Config& config, const Corpus& corpus, const WindowStarts& starts) {
  if (!asks(config.source)) return static_cast<int64_t>(starts.size()) * targets_per_window(config);
  int64_t targets = 0;
  for (const int64_t start : starts) {
    const auto first = corpus.answers.begin() + start;
    targets += std::count_if(first, first + config.windows.length, [](int32_t a) { return a != kNotAsked; });
  }
  return targets;
}

// The band of each token, counted as the config says also where no arm has bands.
std::vector<Band> bands_of_tokens(const Config& config, const Corpus& corpus) {
  const Bands bands = make_bands(config.bands, corpus, EmptyBands::allowed);
  std::vector<Band> band_of(static_cast<size_t>(corpus.vocabulary));
  for (size_t band = 0; band < bands.members.size(); ++band)
    for (const int32_t token : bands.members[band])
      band_of[static_cast<size_t>(token)] = static_cast<Band>(band);
  return band_of;
}

}  // namespace

std::vector<NextLaw> target_laws(const Source& source, const at::Tensor& windows, int64_t length,
                                 int64_t predictions) {
  std::vector<NextLaw> laws(static_cast<size_t>(length));
  std::vector<NextLaw> targets;
  for (int64_t i = 0; i < windows.size(0); ++i) {
    source.next_laws({windows.const_data_ptr<int64_t>() + i * windows.size(1), laws.size()}, laws);
    targets.insert(targets.end(), laws.end() - predictions, laws.end());
  }
  return targets;
}

double largest_leak(const Model& model, const at::Tensor& tokens, const std::vector<int64_t>& places,
                    int64_t vocabulary) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = model.logits(tokens);
  double largest = 0;
  for (const int64_t changed : places) {
    if (changed == 0) continue;
    at::Tensor other = tokens.clone();
    other.select(1, changed).add_(1).remainder_(vocabulary);
    const at::Tensor moved = (logits - model.logits(other)).abs().narrow(1, 0, changed);
    largest = std::max(largest, moved.max().item<double>());
  }
  return largest;
}

Evaluator::Evaluator(const TrialData& data, at::Device device)
    : data_(data), band_of_(bands_of_tokens(data.config, data.corpus)), device_(device) {
  if (data.source->laws() != nullptr) scorer_.emplace(*data.source->laws(), band_of_, device);
}

double Evaluator::leak(const Model& model) const {
  if (data_.config.body.kind == BodyKind::bag) return 0;
  const int64_t length = data_.config.windows.length;
  const at::Tensor tokens = read_windows(data_.corpus, std::array<int64_t, 1>{0}, length)
                                .narrow(1, 0, length)
                                .contiguous()
                                .to(device_);
  return largest_leak(model, tokens, {length / 2}, data_.config.source.vocabulary);
}

Evaluation Evaluator::evaluate(const Model& model, int64_t draw, EvaluationPart part) const {
  const at::NoGradGuard no_grad;
  Config config = data_.config;
  config.evaluation.part = part;
  const int64_t length = config.windows.length;
  const int64_t predictions = targets_per_window(config);
  const bool asks = ate::asks(config.source);
  const WindowStarts starts = evaluation_windows(config, data_.corpus, data_.key, draw);
  LossSums sums(count_targets(config, data_.corpus, starts), std::llround(scored_per_window(config)),
                predictions);
  ExcessSums excess;
  int64_t right = 0;
  for (size_t first = 0; first < starts.size(); first += kEvaluationBatch) {
    const auto count = static_cast<int64_t>(std::min<size_t>(kEvaluationBatch, starts.size() - first));
    const at::Tensor batch =
        read_windows(data_.corpus, std::span(starts).subspan(first, static_cast<size_t>(count)), length);
    const Scored scored = scored_of(batch, length, predictions, asks);
    const at::Tensor inputs = batch.narrow(1, 0, length).to(device_);
    const at::Tensor rows = asks ? scored.rows.to(device_) : at::Tensor();
    const at::Tensor targets = scored.targets.contiguous();
    const at::Tensor log_model = model.scored_logits(inputs, rows).log_softmax(-1);
    const at::Tensor losses = -log_model.gather(1, targets.to(log_model.device()).unsqueeze(1))
                                   .squeeze(1)
                                   .to(at::kCPU, at::kDouble);
    if (scorer_) {
      std::vector<NextLaw> laws = target_laws(*data_.source, batch, length, predictions);
      if (asks) {
        std::vector<NextLaw> asked;
        for (int64_t i = 0; i < scored.rows.numel(); ++i)
          asked.push_back(laws[static_cast<size_t>(scored.rows.const_data_ptr<int64_t>()[i])]);
        laws = std::move(asked);
      }
      scorer_->add(log_model, laws, excess);
    }
    if (asks) right += (log_model.argmax(-1).cpu() == targets).sum().item<int64_t>();
    const auto* target = targets.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < targets.numel(); ++i) {
      const int64_t row = asks ? scored.rows.const_data_ptr<int64_t>()[i] : i;
      sums.add(row % predictions, band_of_[static_cast<size_t>(target[i])],
               losses.const_data_ptr<double>()[i]);
    }
  }
  Evaluation evaluation = sums.means();
  if (asks) evaluation.accuracy = static_cast<double>(right) / static_cast<double>(evaluation.targets);
  if (!scorer_) return evaluation;
  evaluation.excess = excess.mean();
  for (size_t band = 0; band < evaluation.bands.size(); ++band)
    if (excess.mass.at(band) > 0) evaluation.bands.at(band).excess = excess.mean_of(band);
  return evaluation;
}

}  // namespace ate
