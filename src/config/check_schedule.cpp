#include "config/check_schedule.h"

#include <fmt/format.h>

#include "config/derived.h"
#include "config/enum_names.h"

namespace ate {
namespace {

// A setting that does nothing is a mistake.
std::vector<Problem> unread_settings(const ScheduleConfig& s) {
  const ScheduleConfig plain;
  const bool constant = s.decay == Decay::constant;
  const struct {
    const char* name;
    bool unread;
    const char* readers;
  } settings[] = {
      {"unit", constant && s.unit != plain.unit, "cosine, linear or wsd"},
      {"minimum_share", constant && s.minimum_share != plain.minimum_share, "cosine, linear or wsd"},
      {"decay_share", s.decay != Decay::wsd && s.decay_share != plain.decay_share, "wsd"}};
  std::vector<Problem> problems;
  for (const auto& setting : settings)
    if (setting.unread)
      problems.push_back({std::string("/schedule/") + setting.name,
                          fmt::format("a {} rate does not read it: leave it out or set schedule.decay to {}",
                                      enum_name(s.decay), setting.readers)});
  return problems;
}

}  // namespace

std::vector<Problem> check_schedule(const Config& config) {
  const ScheduleConfig& s = config.schedule;
  std::vector<Problem> problems = unread_settings(s);
  if (s.early_stop_accuracy > 0 && !asks(config.source))
    problems.push_back({"/schedule/early_stop_accuracy",
                        fmt::format("{} asks for no answers, so it has no accuracy: leave it out",
                                    config.source.kind->name)});
  if (s.warmup_steps == 0 || steps_per_epoch(config) < 1) return problems;
  const int64_t steps = steps_in_all(config);
  if (s.warmup_steps >= steps)
    problems.push_back({"/schedule/warmup_steps",
                        fmt::format("a warm-up of {} steps does not end in a run of {}: set it below {}",
                                    s.warmup_steps, steps, steps)});
  else if (s.decay == Decay::wsd &&
           s.warmup_steps > floor_product(1 - s.decay_share, static_cast<double>(steps)))
    problems.push_back(
        {"/schedule/decay_share",
         fmt::format("the last {} of {} steps begin within the warm-up of {}: set it to at most {}",
                     s.decay_share, steps, s.warmup_steps,
                     static_cast<double>(10'000 * (steps - s.warmup_steps) / steps) / 10'000)});
  return problems;
}

std::vector<Problem> check_evaluation(const EvaluationConfig& evaluation) {
  if (!evaluation.best) return {};
  if (!(evaluation.tune_share > 0))
    return {{"/evaluation/best",
             "takes a part of the validation data to choose by: set evaluation.tune_share, such as to 0.5"}};
  if (evaluation.part == EvaluationPart::tune)
    return {{"/evaluation/best", "tells a loss of the test part: set evaluation.part=test"}};
  return {};
}

}  // namespace ate
