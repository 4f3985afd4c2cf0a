#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <spdlog/spdlog.h>

#include "pipeline/stage.h"
#include "pipeline/stages.h"

namespace ate {
namespace {

// A layout of some of another's tensors, with arrays of their own.
struct Part {
  Part(const Layout& whole, const std::string& prefix, const ModelBox& start)
      : layout(select(whole, prefix)), arena(layout, start.arena.parameters.options()) {
    for (const ParameterTensor& tensor : layout.tensors)
      arena.parameters.narrow(0, tensor.offset, tensor.count()).copy_(start.parameter(tensor.name).flatten());
    views = parameter_views(layout, arena);
  }

  static Layout select(const Layout& whole, const std::string& prefix) {
    Layout part;
    for (ParameterTensor tensor : whole.tensors) {
      if (tensor.name.rfind(prefix, 0) != 0) continue;
      tensor.offset = part.size;
      part.parameters += tensor.count();
      part.size += (tensor.count() + kAlignment - 1) / kAlignment * kAlignment;
      part.tensors.push_back(std::move(tensor));
    }
    return part;
  }

  at::Tensor find(const std::string& name) const {
    for (size_t i = 0; i < views.size(); ++i)
      if (layout.tensors[i].name == name) return views[i];
    return {};
  }
  void copy_to(const ModelBox& box) const {
    for (const ParameterTensor& tensor : layout.tensors)
      box.parameter(tensor.name)
          .copy_(arena.parameters.narrow(0, tensor.offset, tensor.count()).view(tensor.shape));
  }

  Layout layout;
  Arena arena;
  std::vector<at::Tensor> views;
};

constexpr const char* kHead = "layers.0.self_attn.";

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

HeadResult train_head(const World& world, double save_seconds) {
  const Config& config = world.config;
  const TrainConfig& train = config.train;
  HeadResult out;
  out.hybrid = std::make_unique<ModelBox>(config, world.id, world.corpus, world.device);
  out.hybrid->copy_from(*world.teacher);

  std::vector<at::Tensor> batches;
  for (int64_t i = 0; i < train.collect_batches; ++i) batches.push_back(world.fresh_windows(i));
  const Collected seen = collect(world, at::cat(batches));
  const int64_t rows = seen.queries.size(0) * seen.queries.size(1);
  spdlog::info("{}: {} queries collected", world.name, rows);

  Stage stage{"selector", train.selector_steps, {}, save_seconds};
  stage.optimiser.learning_rate = train.learning_rate;
  Part selector_part(out.hybrid->layout, std::string(kHead) + "selector", *out.hybrid);
  Part approximator_part(out.hybrid->layout, std::string(kHead) + "approximator", *out.hybrid);
  const MlpTopKAttention head(config.attention, [&](const std::string& suffix) {
    const at::Tensor found = selector_part.find(kHead + suffix);
    return found.defined() ? found : approximator_part.find(kHead + suffix);
  });

  const at::Tensor queries = seen.queries.flatten(0, 1);
  const at::Tensor strongest = seen.attention.argmax(-1).flatten();
  out.selector_loss =
      run_stage(stage, selector_part.layout, selector_part.arena, *world.run, [&](int64_t step) {
        const at::Tensor drawn = draw_rows(world.key(), 0, step, train.rows, rows, world.device);
        const at::Tensor scores = head.score(queries.index_select(0, drawn).unsqueeze(0)).squeeze(0);
        return at::cross_entropy_loss(scores, strongest.index_select(0, drawn));
      });
  selector_part.copy_to(*out.hybrid);
  out.quality = selector_quality(world, seen, head, config.attention.k);

  if (config.attention.approximator) {
    stage.name = "approximator";
    stage.steps = train.approximator_steps;
    const at::Tensor inputs = selected_values(head, seen, config.body.causal);
    const at::Tensor outputs = seen.outputs.flatten(0, 1);
    out.approximator_loss =
        run_stage(stage, approximator_part.layout, approximator_part.arena, *world.run, [&](int64_t step) {
          const at::Tensor drawn = draw_rows(world.key(), 1, step, train.rows, rows, world.device);
          const at::Tensor made = head.approximate(inputs.index_select(0, drawn).unsqueeze(0)).squeeze(0);
          return at::mse_loss(made, outputs.index_select(0, drawn));
        });
    approximator_part.copy_to(*out.hybrid);
    const at::NoGradGuard no_grad;
    const Collected held = collect(world, world.validation_windows());
    const at::Tensor target = held.outputs.flatten(0, 1);
    const at::Tensor made =
        head.approximate(selected_values(head, held, config.body.causal).unsqueeze(0)).squeeze(0);
    const at::Tensor spread = target - target.mean(0, true);
    out.approximator_r2 = 1 - ((made - target).square().sum() / spread.square().sum()).item<double>();
  }
  out.score = score(world, *out.hybrid);
  return out;
}

}  // namespace ate
