#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "claims/check.h"
#include "distil/distillation.h"

namespace ate {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::reproduced:
      return "reproduced";
    case Verdict::arithmetic_only:
      return "arithmetic only";
    case Verdict::contradicted:
      return "contradicted";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::not_run:
      return "not run";
  }
  return "?";
}

Check find_check(const std::string& name) {
  static const std::map<std::string, Check> checks = {{"speedup_row", check_speedup_row},
                                                      {"row_width", check_row_width},
                                                      {"crossover", check_crossover},
                                                      {"complexity", check_complexity},
                                                      {"memory_row", check_memory_row},
                                                      {"gpt4_row", check_gpt4_row},
                                                      {"gpt4_units", check_gpt4_units},
                                                      {"loss_ratio", check_loss_ratio},
                                                      {"loss_difference", check_loss_difference},
                                                      {"parameter_ratio", check_parameter_ratio},
                                                      {"parameter_width", check_parameter_width},
                                                      {"leaking_loss", check_leaking_loss},
                                                      {"rigour", check_rigour},
                                                      {"references", check_references},
                                                      {"selector", check_selector},
                                                      {"query_alone", check_query_alone}};
  return checks.at(name);
}

bool prints_as(double value, double printed, int digits) {
  return fmt::format("{:.{}f}", value, digits) == fmt::format("{:.{}f}", printed, digits);
}

bool is_near(double value, double reference, double share) {
  return std::abs(value - reference) <= share * std::abs(reference);
}

const MeasuredShape& CheckContext::measured(const Shape& s, int repeats) {
  const std::string key = fmt::format("{} {} {} {} {}", s.width, s.length, s.heads, s.keys, s.hidden);
  const auto it = measured_.find(key);
  if (it != measured_.end()) return it->second;
  return measured_[key] = measure_attention(s, {device_, 4, repeats, /*other_kinds=*/false});
}

StudyResult CheckContext::study(const std::string& preset, std::vector<std::string> sets) const {
  Choice choice;
  choice.preset = preset;
  choice.sets = std::move(sets);
  choice.sets.emplace_back("study.arms=[\"standard\",\"bespoke\"]");
  choice.sets.push_back("device=" + device_);
  return run_study(resolve(choice), study_).result;
}

PipelineResult CheckContext::pipeline(const std::string& preset, std::vector<std::string> sets) const {
  Choice choice;
  choice.preset = preset;
  choice.sets = std::move(sets);
  choice.sets.push_back("device=" + device_);
  DistillationOptions options;
  options.command = study_.command;
  options.out = study_.out;
  return std::get<PipelineResult>(run_distillation(resolve(choice), options).result);
}

}  // namespace ate
