#include "distil/head.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <spdlog/spdlog.h>

#include <limits>

#include "distil/score.h"
#include "distil/stage.h"

namespace ate {
namespace {

// Some of a model's tensors, with arrays of their own.
struct TensorGroup {
  TensorGroup(const Instance& whole, const std::string& prefix, const OptimiserConfig& optimiser)
      : layout(select(whole.layout, prefix)),
        arena(layout, whole.arena.parameters.options(), optimiser.kind->state) {
    for (const ParameterTensor& tensor : layout.tensors)
      view_of(arena.parameters, tensor).copy_(whole.parameter(tensor.name));
    views = parameter_views(layout, arena);
  }

  static Layout select(const Layout& whole, const std::string& prefix) {
    LayoutBuilder part;
    for (const ParameterTensor& tensor : whole.tensors)
      if (tensor.name.rfind(prefix, 0) == 0) part.add(tensor.name, tensor.shape, tensor.law, tensor.fan_in);
    return std::move(part.layout);
  }

  // Undefined when it is not of the group.
  at::Tensor find(const std::string& name) const {
    for (size_t i = 0; i < views.size(); ++i)
      if (layout.tensors[i].name == name) return views[i];
    return {};
  }
  void copy_to(const Instance& model) const {
    for (const ParameterTensor& tensor : layout.tensors)
      model.parameter(tensor.name).copy_(view_of(arena.parameters, tensor));
  }

  Layout layout;
  Arena arena;
  std::vector<at::Tensor> views;
};

// The queries of step i: rows of the collected windows, uniform with replacement.
at::Tensor draw_rows(RandomKey key, uint32_t site, int64_t step, int64_t count, int64_t room,
                     at::Device device) {
  at::Tensor rows = at::empty({count}, at::kLong);
  auto* out = rows.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i)
    out[i] =
        static_cast<int64_t>(below(word64(random_block(key, Purpose::stage, site, static_cast<uint32_t>(step),
                                                       static_cast<uint64_t>(i / 2)),
                                          static_cast<size_t>(i % 2)),
                                   static_cast<uint64_t>(room)));
  return rows.to(device);
}

// The values that the selector chooses, side by side: [n T, k hd]. Where fewer than k are visible, zeros.
at::Tensor selected_values(const MlpTopKAttention& selector, const Collected& c, bool causal) {
  const at::NoGradGuard no_grad;
  HeadInputs heads{c.queries.unsqueeze(1), c.values.unsqueeze(1), c.values.unsqueeze(1), {}, 1};
  const int64_t length = c.queries.size(1);
  if (causal)
    heads.mask =
        at::full({length, length}, -std::numeric_limits<double>::infinity(), c.queries.options()).triu(1);
  const Selection selection = selector.select(heads);
  return gather_rows(heads.values, selection.positions)
      .masked_fill(selection.absent.unsqueeze(-1), 0)
      .reshape({c.queries.size(0) * length, -1});
}

}  // namespace

TrainedHead train_head(const Teacher& teacher) {
  const Config& config = teacher.config;
  const TrainConfig& train = config.train;
  TrainedHead out;
  HeadResult& result = out.result;
  out.hybrid = std::make_unique<Instance>(config, teacher.id, teacher.data.corpus, teacher.device);
  out.hybrid->copy_from(*teacher.model);

  std::vector<at::Tensor> batches;
  for (int64_t i = 0; i < train.collect_batches; ++i) batches.push_back(teacher.fresh_windows(i));
  const Collected seen = collect(teacher, at::cat(batches));
  const int64_t rows = seen.queries.size(0) * seen.queries.size(1);
  spdlog::info("{}: {} queries collected", teacher.name, rows);

  StagePlan plan{"selector", train.selector_steps, {}};
  plan.optimiser.learning_rate = train.learning_rate;
  const std::string prefix = attention_prefix(0);
  TensorGroup selector_part(*out.hybrid, prefix + "selector", plan.optimiser);
  TensorGroup approximator_part(*out.hybrid, prefix + "approximator", plan.optimiser);
  const MlpTopKAttention head(config, [&](const std::string& suffix) {
    const at::Tensor found = selector_part.find(prefix + suffix);
    return found.defined() ? found : approximator_part.find(prefix + suffix);
  });

  const at::Tensor queries = seen.queries.flatten(0, 1);
  const at::Tensor strongest = seen.attention.argmax(-1).flatten();
  const StageEnd selector =
      run_stage(plan, selector_part.layout, selector_part.arena, teacher, [&](int64_t step) -> TrainingLoss {
        const at::Tensor drawn = draw_rows(teacher.data.key, 0, step, train.rows, rows, teacher.device);
        const at::Tensor scores = head.score(queries.index_select(0, drawn).unsqueeze(0)).squeeze(0);
        return {at::cross_entropy_loss(scores, strongest.index_select(0, drawn))};
      });
  result.selector_loss = selector.loss;
  if (!selector.failed.empty()) {
    result.failed = "selector: " + selector.failed;
    return out;
  }
  selector_part.copy_to(*out.hybrid);
  result.quality = selector_quality(teacher, seen, head, config.attention.k);

  if (config.attention.own.flag("approximator")) {
    plan.name = "approximator";
    plan.steps = train.approximator_steps;
    const at::Tensor inputs = selected_values(head, seen, config.body.causal);
    const at::Tensor outputs = seen.outputs.flatten(0, 1);
    const StageEnd approximator = run_stage(
        plan, approximator_part.layout, approximator_part.arena, teacher, [&](int64_t step) -> TrainingLoss {
          const at::Tensor drawn = draw_rows(teacher.data.key, 1, step, train.rows, rows, teacher.device);
          const at::Tensor made = head.approximate(inputs.index_select(0, drawn).unsqueeze(0)).squeeze(0);
          return {at::mse_loss(made, outputs.index_select(0, drawn))};
        });
    result.approximator_loss = approximator.loss;
    if (!approximator.failed.empty()) {
      result.failed = "approximator: " + approximator.failed;
      return out;
    }
    approximator_part.copy_to(*out.hybrid);
    const at::NoGradGuard no_grad;
    const Collected held = collect(teacher, teacher.data.validation_windows());
    const at::Tensor target = held.outputs.flatten(0, 1);
    const at::Tensor made =
        head.approximate(selected_values(head, held, config.body.causal).unsqueeze(0)).squeeze(0);
    const at::Tensor spread = target - target.mean(0, true);
    result.approximator_r2 = 1 - ((made - target).square().sum() / spread.square().sum()).item<double>();
  }
  result.score = score(teacher, *out.hybrid);
  return out;
}

}  // namespace ate
