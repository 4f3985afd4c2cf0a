#include "distil/distillation.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/enum_names.h"
#include "config/json.h"
#include "distil/head.h"
#include "distil/students.h"
#include "run/environment.h"
#include "run/folder.h"
#include "run/signals.h"
#include "support/json.h"
#include "train/device.h"

namespace ate {
namespace {

std::string source_name(const Config& config) {
  const SourceConfig& source = config.source;
  return source.kind == SourceKind::zipf_iid && source.exponent == 0 ? "random" : enum_name(source.kind);
}

// Students read at least an eighth of the window: the original's k = 3 is kept for its own head.
SourceResult run_source(const Teacher& teacher) {
  const Config& config = teacher.config;
  SourceResult out;
  out.name = teacher.name;
  out.source = enum_name(config.source.kind);
  out.floor = teacher.data.source->entropy();
  out.head = train_head(teacher).result;
  const int64_t k = std::max(config.attention.k, config.windows.length / 8);
  for (const AttentionKind& kind : config.train.kinds)
    if (kind != AttentionKind::dense)
      out.students.push_back(train_student(teacher, student_attention(teacher, kind, k)).result);
  return out;
}

DistillationResult run_procedure(const Config& config, at::Device device,
                                 const std::shared_ptr<RunFolder>& run, const DistillationOptions& options) {
  const auto teach = [&](const std::string& name, const Config& settings, std::shared_ptr<RunFolder> folder) {
    return train_teacher(name, settings, device, std::move(folder), options.save_seconds);
  };
  if (config.train.procedure == Procedure::frontier)
    return run_frontier(teach(source_name(config), config, run));
  PipelineResult result;
  result.worlds.push_back(run_source(teach(source_name(config), config, run)));
  if (config.train.recall_epochs > 0 && config.source.kind != SourceKind::recall) {
    const auto second = std::make_shared<RunFolder>(options.out, run->id() + "-recall", options.fresh,
                                                    Sharing::alone, options.silence);
    result.worlds.push_back(run_source(teach("recall", recall_config(config), second)));
  }
  return result;
}

// What would only show when a model is built, before anything is written.
void check_models(const Config& config) {
  const int64_t seed = config.study.seeds.front();
  plan_embedding(config, config.study.arms.front(), make_corpus(config.source, seed), seed);
  if (config.train.procedure != Procedure::pipeline || config.train.recall_epochs == 0) return;
  const std::vector<Problem> problems = check_config(recall_config(config));
  if (!problems.empty())
    throw BadInput("/train/recall_epochs", "the recall source does not fit: " + problems.front().what +
                                               "; or set train.recall_epochs=0");
}

// Nothing where it is not there or damaged: then the checkpoints of its stages give it again.
std::optional<DistillationResult> stored_result(const std::filesystem::path& path) {
  try {
    const nlohmann::ordered_json document = read_json_file(path);
    if (!document.is_null()) return distillation_from_json(JsonValue(document, path.string()));
  } catch (const Failure& damage) {
    spdlog::warn("{}; the result is made again from the stages", damage.what());
  }
  return std::nullopt;
}

}  // namespace

DistillationOutcome run_distillation(Resolved resolved, const DistillationOptions& options) {
  resolved.keep_one_model();
  Config& config = resolved.config;
  const at::Device device = [&] {
    try {
      check_models(config);
      return choose_device(config.device);
    } catch (const BadInput& error) {
      throw resolved.blame(error);
    }
  }();
  config.device = device.str();
  at::set_num_threads(1);

  const std::string id = fmt::format("{}-{}-{}-{}-s{}", options.command, config.name, experiment_hash(config),
                                     enum_name(config.study.arms.front()), config.study.seeds.front());
  const auto run =
      std::make_shared<RunFolder>(options.out, id, options.fresh, Sharing::alone, options.silence);
  if (run->done())
    if (std::optional<DistillationResult> stored = stored_result(run->folder() / "result.json")) {
      run->finish(to_json(*stored, id, config.name, config.windows.length));
      spdlog::info("no training needed; stored in {}", run->folder().string());
      return {id, config, *std::move(stored), true};
    }
  run->write_json("config.json", write_config(config));
  run->begin(describe_environment(config.device, 1), {});
  try {
    DistillationOutcome outcome{id, config, run_procedure(config, device, run, options)};
    run->finish(to_json(outcome.result, id, config.name, config.windows.length));
    run->event({{"event", "finished"}});
    return outcome;
  } catch (const Interrupted&) {
    run->event({{"event", "interrupted"}, {"signal", stop_signal()}});
    throw;
  }
}

}  // namespace ate
