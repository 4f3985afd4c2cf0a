#include "config/check_study.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/enum_names.h"
#include "config/grid.h"
#include "config/resolve.h"
#include "config/settings.h"

namespace ate {
namespace {

// Where the arm sets `pointer`, or a setting under or above it; else the pointer itself.
std::string place_in(const Arm& arm, size_t index, const std::string& pointer) {
  for (const ArmSetting& setting : arm.set)
    if (pointer_of(setting.path) == pointer) return fmt::format("/study/arms/{}/set/{}", index, setting.path);
  return pointer;
}

// All arms are judged by one law, and so by one floor; how much of it an arm reads may differ.
bool same_law(SourceConfig left, const SourceConfig& right) {
  left.tokens = right.tokens;
  left.train_share = right.train_share;
  return left == right;
}

}  // namespace

std::vector<Problem> check_arms(const Config& study) {
  std::vector<Problem> problems;
  bool reads_kind = false;
  for (size_t i = 0; i < study.study.arms.size(); ++i) {
    const Arm& arm = study.study.arms[i];
    reads_kind |= EmbeddingKind::find(arm.name) == nullptr;
    if (arm.set.empty()) continue;
    const Config config = arm_config(study, arm);
    const std::string list = fmt::format("/study/arms/{}", i);
    if (!same_law(config.source, study.source)) {
      problems.push_back(
          {list + "/set",
           "arms are compared on one law: of the source only tokens and train_share may differ"});
      continue;
    }
    for (Problem& problem : check_arm_config(config)) {
      problem.where = place_in(arm, i, problem.where);
      if (problem.where.rfind(list, 0) != 0) problem.what = "for arm " + arm.name + " " + problem.what;
      problems.push_back(std::move(problem));
    }
    if (study.study.budget != Budget::steps &&
        (config.schedule.steps != study.schedule.steps || config.schedule.epochs != study.schedule.epochs))
      problems.push_back(
          {list + "/set", fmt::format("the budget {} gives each arm its steps: leave schedule out, or set "
                                      "study.budget=steps",
                                      enum_name(study.study.budget))});
  }
  if (study.embedding.kind != EmbeddingKind::standard && !reads_kind)
    problems.push_back(
        {"/embedding/kind",
         fmt::format("each arm of the study names its own: leave it out, or name {} in study.arms",
                     study.embedding.kind->name)});
  return problems;
}

std::vector<Problem> check_tuning(const Config& study) {
  const TuneConfig& tune = study.study.tune;
  std::vector<Problem> problems;
  if (tune.axes.empty()) return problems;
  for (const int64_t seed : tune.seeds)
    if (std::find(study.study.seeds.begin(), study.study.seeds.end(), seed) != study.study.seeds.end()) {
      problems.push_back(
          {"/study/tune/seeds",
           fmt::format("seed {} is one of study.seeds too: what is tuned on it is not tested on it", seed)});
      break;
    }
  if (!(study.evaluation.tune_share > 0))
    problems.push_back(
        {"/evaluation/tune_share", "tuning takes a part of the validation data: set it, such as to 0.5"});
  for (size_t i = 0; i < study.study.arms.size(); ++i)
    for (const ArmSetting& setting : study.study.arms[i].set)
      for (const TuneAxis& axis : tune.axes)
        if (setting.path == axis.path)
          problems.push_back({fmt::format("/study/arms/{}/set/{}", i, setting.path),
                              "is tuned, in every arm: leave it out here or in study.tune.axes"});
  if (!problems.empty()) return problems;
  if (const std::optional<PointProblem> problem = point_problem(study, tune.axes))
    problems.push_back({"/study/tune/axes/" + problem->path, problem->what});
  return problems;
}

std::optional<PointProblem> point_problem(const Config& study, const TuneAxes& axes) {
  for (const Arm& arm : tuning_arms(study, axes)) {
    const std::vector<Problem> found = check_arm_config(arm_config(study, arm));
    if (found.empty()) continue;
    const auto axis = std::find_if(axes.begin(), axes.end(), [&](const TuneAxis& a) {
      return pointer_of(a.path) == found.front().where;
    });
    return PointProblem{(axis == axes.end() ? axes.front() : *axis).path,
                        fmt::format("at {} arm {} cannot train: {}: {}", arm.variant, arm.name,
                                    set_path(found.front().where), found.front().what)};
  }
  return std::nullopt;
}

}  // namespace ate
