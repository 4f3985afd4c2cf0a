#include "claims/check.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "claims/shape.h"
#include "data/corpus.h"
#include "distil/distillation.h"
#include "model/flops.h"
#include "model/layout.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr Member kConfigMembers[] = {
    {"preset", MemberType::text, "The preset that the config builds on", {}, "null"},
    {"config",
     MemberType::config,
     "A config: its settings, or its file's path from the claims file's folder",
     {},
     "null"},
    {"set", MemberType::texts, "Single settings over them, such as \"schedule.epochs=3\"", {}, "[]"},
};

Members members_of(std::span<const Member> members) {
  Members list;
  for (const Member& member : members) list.push_back(&member);
  return list;
}

}  // namespace

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

const CheckDescription& find_check(const std::string& name) {
  for (const CheckDescription* check : checks())
    if (name == check->name) return *check;
  throw std::out_of_range("no check is called " + name);
}

Members given_members(const CheckDescription& check) {
  Members members;
  const auto add = [&](const Members& more) { members.insert(members.end(), more.begin(), more.end()); };
  if (check.config) add(list_of(kConfigMembers));
  if (check.shape) add(shape_members());
  add(members_of(check.given));
  return members;
}

std::vector<Problem> given_problems(const Claim& claim) {
  const CheckDescription& check = find_check(claim.check);
  const Members members = given_members(check);
  const std::string given = claim.pointer + "/given";
  std::vector<Problem> problems;
  check_members(JsonValue(claim.given, claim.file, given), members, problems);
  for (Problem& problem : problems) problem.where = claim.file + ": " + problem.where;
  if (!problems.empty()) return problems;

  Claim whole = claim;
  whole.given = with_initial_values(claim.given, members);
  try {
    if (check.config) (void)claim_config(whole);
  } catch (const BadInput& error) {
    return error.problems();
  }
  if (check.shape) problems = shape_problems(whole.given);
  if (problems.empty() && check.problems != nullptr) problems = check.problems(whole);
  for (Problem& problem : problems) problem.where = claim.file + ": " + given + problem.where;
  return problems;
}

Finding run_check(Claim claim, CheckContext& context) {
  const CheckDescription& check = find_check(claim.check);
  claim.given = with_initial_values(std::move(claim.given), given_members(check));
  return check.run(claim, context);
}

Choice claim_choice(const Claim& claim) {
  const Json& given = claim.given;
  Choice choice;
  if (!given["preset"].is_null()) choice.preset = given["preset"];
  if (given["config"].is_string())
    choice.file =
        (std::filesystem::path(claim.file).parent_path() / given["config"].get<std::string>()).string();
  if (given["config"].is_object())
    choice.inner = Layer{claim.file, given["config"], false, claim.pointer + "/given/config"};
  choice.sets = given["set"].get<std::vector<std::string>>();
  return choice;
}

Resolved claim_config(const Claim& claim) {
  const Choice choice = claim_choice(claim);
  const std::string given = claim.file + ": " + claim.pointer + "/given";
  if (choice.preset.empty() && choice.file.empty() && !choice.inner)
    throw BadInput(given, "a preset or a config is missing");
  const auto starts = [](const std::string& where, const std::string& with) {
    return !with.empty() && where.rfind(with, 0) == 0;
  };
  try {
    return resolve(choice);
  } catch (const BadInput& error) {
    std::vector<Problem> problems = error.problems();
    for (Problem& problem : problems) {
      // What are flags elsewhere are members here.
      if (starts(problem.where, "--preset "))
        problem.where = given + "/preset";
      else if (starts(problem.where, "--config "))
        problem.where = given + "/config: " + choice.file;
      else if (!starts(problem.where, choice.file) && !starts(problem.where, claim.file + ": "))
        problem.where = given + ": " + problem.where;
    }
    throw BadInput(std::move(problems));
  }
}

ModelCounts count_model(const Config& study, const Arm& arm) {
  const Config config = arm_config(study, arm);
  const int64_t seed = config.study.seeds.front();
  const EmbeddingPlan plan = plan_embedding(config, arm, make_corpus(config.source, seed), seed);
  return {make_layout(config, plan).parameters, training_flops_per_token(config, plan)};
}

bool prints_as(double value, double printed, int digits) {
  return fmt::format("{:.{}f}", value, digits) == fmt::format("{:.{}f}", printed, digits);
}

bool is_near(double value, double reference, double share) {
  return std::abs(value - reference) <= share * std::abs(reference);
}

const MeasuredShape& CheckContext::measured(const Shape& s, bool other_kinds) {
  const std::string key =
      fmt::format("{} {} {} {} {} {}", s.width, s.length, s.heads, s.keys, s.hidden, other_kinds);
  const auto it = measured_.find(key);
  if (it != measured_.end()) return it->second;
  return measured_[key] = measure_attention(s, {device_, 4, 5, other_kinds});
}

Resolved CheckContext::resolved(Choice choice) const {
  if (device_ != "auto") choice.sets.push_back("device=" + device_);
  return resolve(choice);
}

StudyResult CheckContext::study(Choice choice) const {
  return run_study(resolved(std::move(choice)), study_).result;
}

PipelineResult CheckContext::pipeline(Choice choice) const {
  DistillationOptions options;
  options.command = study_.command;
  options.out = study_.out;
  return std::get<PipelineResult>(run_distillation(resolved(std::move(choice)), options).result);
}

}  // namespace ate
