#include "train/trial_state.h"

#include <ATen/ATen.h>

#include <cstring>

#include "config/derived.h"
#include "support/hash.h"

namespace ate {
namespace {

// Paired arms share their random numbers; unpaired ones each have a stream of their own, named by the arm.
RandomKey trial_key(const Config& config, const TrialId& id) {
  const std::string arm = id.arm_name();
  const uint32_t stream = config.study.paired ? 0 : hash32(arm) | 1U;
  return {static_cast<uint32_t>(id.seed), stream};
}

// The control aa shares all but its start with standard.
RandomKey init_key(const Config& config, const TrialId& id) {
  RandomKey key = trial_key(config, id);
  if (id.arm == Arm::aa) key.stream = hash32(id.arm_name()) | 1U;
  return key;
}

at::Tensor noise_tensor(const Config& config, const EmbeddingPlan& plan, RandomKey key, at::Device device) {
  if (plan.noise_rows == 0) return {};
  const std::vector<float> rows = noise_rows(plan.noise_rows, config.body.width, config.body.init, key);
  return at::tensor(rows).view({plan.noise_rows, config.body.width}).to(device);
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

void fill(at::Tensor& flat, const float* values, size_t bytes) {
  at::Tensor host = at::empty(flat.sizes(), at::kFloat);
  std::memcpy(host.mutable_data_ptr<float>(), values, bytes);
  flat.copy_(host);
}

Trial::State::State(const Config& config, const TrialId& id, at::Device device)
    : key(trial_key(config, id)),
      source(open_source(config.source)),
      corpus(source->corpus(id.seed)),
      band_of(bands_of_tokens(config, corpus)),
      plan(plan_embedding(config, id.arm, corpus, id.seed)),
      layout(make_layout(config, plan)),
      arena(layout, at::TensorOptions(at::kFloat).device(device)),
      noise(noise_tensor(config, plan, key, device)),
      model(config, plan, layout, arena, noise),
      step(std::make_unique<TrainingStep>(config, plan, layout, arena, model, noise)),
      steps(steps_per_epoch(config)) {
  std::vector<float> start;
  initialise(layout, config.body.init, init_key(config, id), start);
  fill(arena.parameters, start.data(), start.size() * sizeof(float));
  step->parameters_changed();
  if (source->laws() != nullptr) scorer = std::make_unique<ExcessScorer>(*source->laws(), band_of, device);
}

void Trial::State::move_to(const Config& config, Arena there) {
  there.parameters.copy_(arena.parameters);
  there.gradients.zero_();
  there.first_moment.copy_(arena.first_moment);
  there.second_moment.copy_(arena.second_moment);
  arena = std::move(there);
  model = Model(config, plan, layout, arena, noise);
  step = std::make_unique<TrainingStep>(config, plan, layout, arena, model, noise);
  step->parameters_changed();
}

at::Tensor Trial::State::gather_on_host(const WindowStarts& starts, int64_t first, int64_t count,
                                        int64_t length) const {
  at::Tensor windows = at::empty({count, length + 1}, at::kLong);
  auto* out = windows.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i, out += length + 1)
    corpus.read(starts[static_cast<size_t>(first + i)], {out, static_cast<size_t>(length + 1)});
  return windows;
}

}  // namespace ate
