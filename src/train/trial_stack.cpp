#include "train/trial_stack.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "config/derived.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "train/trial_state.h"

namespace ate {
namespace {

constexpr int64_t kLongestChunk = 256;  // steps: bounds the memory for their windows

}  // namespace

TrialStack::TrialStack(const Config& config, std::vector<Trial*> trials, at::Device device)
    : config_(config),
      trials_(std::move(trials)),
      device_(device),
      batches_(config.optimiser.accumulate),
      chunk_(std::clamp<int64_t>(kLongestChunk / batches_, 1, steps_per_epoch(config))),
      replicas_([&] {
        std::vector<Replica> replicas;
        for (const Trial* trial : trials_) {
          const Trial::State& s = *trial->state_;
          replicas.push_back({&s.model.plan, &s.model.layout, s.model.noise, s.data.key});
        }
        return replicas;
      }()),
      arrays_(make_stack(replicas_, at::TensorOptions(at::kFloat).device(device),
                         config.optimiser.kind->state.size())),
      step_(config, replicas_, arrays_),
      windows_(at::zeros({chunk_ * batches_, static_cast<int64_t>(trials_.size()), config.windows.batch,
                          config.windows.length + 1},
                         at::TensorOptions(at::kLong).device(device))),
      losses_(
          at::zeros({chunk_ * batches_, static_cast<int64_t>(trials_.size())}, arrays_.parameters.options())),
      rates_(at::zeros({chunk_}, arrays_.parameters.options())),
      batch_(at::zeros({1}, windows_.options())),
      step_of_(at::zeros({1}, windows_.options())),
      updates_(at::zeros({}, windows_.options())),
      masks_(at::zeros({}, windows_.options())),
      decayed_(decay_mask(replicas_, arrays_, config.optimiser.decayed)),
      graph_(device, [this] { step(); }) {
  for (size_t r = 0; r < trials_.size(); ++r) {
    Trial::State& s = *trials_[r]->state_;
    s.move_to(replica_arena(arrays_, static_cast<int64_t>(r), s.model.layout.size));
  }
}

// Reads and writes nothing but tensors on the device, so that it can be recorded.
void TrialStack::step() {
  at::Tensor sum;
  for (int64_t i = 0; i < batches_; ++i) {
    if (i > 0) sum = sum.defined() ? sum.add_(arrays_.gradients) : arrays_.gradients.clone();
    const at::Tensor losses = step_.losses_and_gradients(windows_.index_select(0, batch_).squeeze(0), masks_);
    losses_.index_copy_(0, batch_, losses.unsqueeze(0));
    batch_.add_(1);
    masks_.add_(1);
  }
  if (sum.defined()) arrays_.gradients.add_(sum).div_(static_cast<double>(batches_));
  updates_.add_(1);
  update(config_.optimiser, *replicas_[0].layout, arrays_, rates_.index_select(0, step_of_).squeeze(0),
         updates_.to(at::kFloat), decayed_);
  step_of_.add_(1);
}

// The windows of `count` steps of every trial, from step `first` of the epoch on.
void TrialStack::load(int64_t epoch, int64_t first, int64_t count) {
  std::vector<at::Tensor> rows;
  for (int64_t batch = first * batches_; batch < (first + count) * batches_; ++batch)
    for (const Trial* trial : trials_) rows.push_back(trial->state_->data.training_batch(epoch, batch));
  at::Tensor there = windows_.narrow(0, 0, count * batches_);
  there.copy_(at::stack(rows).view(there.sizes()));
}

// The steps from here to the next evaluation that goes by steps.
int64_t TrialStack::until_evaluation(int64_t updates) const {
  const int64_t every = config_.evaluation.every_steps;
  return every > 0 ? every - updates % every : std::numeric_limits<int64_t>::max();
}

std::vector<Trial*> TrialStack::advance(int64_t most, const std::function<bool()>& pause) {
  const Progress& now = trials_[0]->progress_;
  const int64_t steps = std::min({most, chunk_, steps_per_epoch(config_) - now.step,
                                  steps_in_all(config_) - now.updates, until_evaluation(now.updates)});
  load(now.epoch, now.step, steps);
  batch_.zero_();
  step_of_.zero_();
  updates_.fill_(now.updates);
  masks_.fill_(now.updates * batches_);
  std::vector<double> rates;
  for (int64_t i = 0; i < steps; ++i) rates.push_back(learning_rate(config_, now.updates + i));
  rates_.narrow(0, 0, steps).copy_(at::tensor(rates, at::kDouble));
  Arena before;
  before.parameters = arrays_.parameters.clone();
  for (const at::Tensor& rows : arrays_.state) before.state.push_back(rows.clone());

  int64_t done = 0;
  for (bool stop = false; done < steps && !stop; stop = pause()) {
    graph_.run();
    ++done;
  }
  const at::Tensor losses =
      losses_.narrow(0, 0, done * batches_).t().contiguous().cpu();  // [R, done * batches]
  std::vector<Trial*> gone;
  for (size_t r = 0; r < trials_.size(); ++r) {
    const float* const loss = losses.const_data_ptr<float>() + static_cast<int64_t>(r) * done * batches_;
    if (!std::all_of(loss, loss + done * batches_, [](float value) { return std::isfinite(value); })) {
      leave(r, before);
      gone.push_back(trials_[r]);
      continue;
    }
    trials_[r]->state_->step->parameters_changed();
    for (int64_t i = 0; i < done; ++i) {
      ++trials_[r]->progress_.updates;
      const float* const of_step = loss + i * batches_;
      trials_[r]->count_step(std::accumulate(of_step, of_step + batches_, 0.0) /
                             static_cast<double>(batches_));
    }
  }
  return gone;
}

// Trial r as it was before, in arrays of its own.
void TrialStack::leave(size_t r, const Arena& before) {
  Trial::State& s = *trials_[r]->state_;
  const auto row = static_cast<int64_t>(r);
  const int64_t size = s.model.layout.size;
  const auto put_back = [&](at::Tensor& there, const at::Tensor& rows) {
    there.copy_(rows[row].narrow(0, rows.size(1) - size, size));
  };
  Arena& arena = s.model.arena;
  put_back(arena.parameters, before.parameters);
  for (size_t i = 0; i < arena.state.size(); ++i) put_back(arena.state[i], before.state[i]);
  s.move_to(Arena(s.model.layout, arrays_.parameters.options(), config_.optimiser.kind->state));
}

}  // namespace ate
