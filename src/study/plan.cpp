#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "support/hash.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string hash_of(Json request) {
  request.erase("hash");
  return Hash64().add(request.dump()).hex();
}

bool has_requests(const Json& stored) {
  return stored.is_object() && stored.contains("requests") && stored["requests"].is_array() &&
         !stored["requests"].empty();
}

SeedList seeds_of(const Json& request) {
  std::string problem;
  return parse_seeds(request.value("seeds", ""), problem);
}

std::vector<std::string> arms_of(const Json& request) {
  return request.value("arms", std::vector<std::string>());
}

// What `all` has and `some` has not.
template <class T>
std::vector<T> beyond(const std::vector<T>& all, const std::vector<T>& some) {
  std::vector<T> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const T& item) { return std::find(some.begin(), some.end(), item) == some.end(); });
  return out;
}

bool adds(const Json& request, const Json& plan) {
  return !beyond(seeds_of(request), seeds_of(plan)).empty() ||
         !beyond(arms_of(request), arms_of(plan)).empty();
}

std::string name_seeds(const SeedList& seeds) {
  return (seeds.size() == 1 ? "seed " : "seeds ") + format_seeds(seeds);
}

std::string name_arms(const std::vector<std::string>& arms) {
  return (arms.size() == 1 ? "arm " : "arms ") + fmt::format("{}", fmt::join(arms, ", "));
}

template <class T, class Name>
void describe_list(const std::vector<T>& now, const std::vector<T>& planned, Name name,
                   std::vector<std::string>& out) {
  if (const std::vector<T> added = beyond(now, planned); !added.empty())
    out.push_back(name(added) + " added");
  if (const std::vector<T> left = beyond(planned, now); !left.empty())
    out.push_back(name(left) + " left out");
}

}  // namespace

Json plan_of(const Config& config) {
  Json plan = {{"arms", Json::array()},
               {"seeds", format_seeds(config.study.seeds)},
               {"metric", "excess loss, or cross-entropy where the source's law is unknown, last evaluation"},
               {"margin", config.study.margin},
               {"epochs", config.schedule.epochs},
               {"seeds_for_verdict", kSeedsForVerdict}};
  for (const Arm arm : config.study.arms) plan["arms"].push_back(enum_name(arm));
  plan["hash"] = hash_of(plan);
  return plan;
}

Json with_request(Json stored, const Config& config) {
  const Json request = plan_of(config);
  if (!has_requests(stored)) return {{"requests", Json::array({request})}, {"extended", false}};
  Json& requests = stored["requests"];
  const bool known = std::any_of(requests.begin(), requests.end(),
                                 [&](const Json& r) { return r.value("hash", "") == request["hash"]; });
  if (known) return stored;
  stored["extended"] = stored.value("extended", false) || adds(request, requests[0]);
  requests.push_back(request);
  return stored;
}

PlanRecord compare_with_plan(const Json& stored, const Config& config) {
  if (!has_requests(stored)) return {};
  const Json& plan = stored["requests"][0];
  const Json now = plan_of(config);
  PlanRecord record{plan.value("hash", ""), {}};
  if (record.hash != hash_of(plan))
    record.departures.emplace_back("plan.json was altered: its hash is of another plan");
  describe_list(seeds_of(now), seeds_of(plan), name_seeds, record.departures);
  describe_list(arms_of(now), arms_of(plan), name_arms, record.departures);
  const std::vector<std::string> planned_arms = arms_of(plan);
  if (!planned_arms.empty() && planned_arms[0] != now["arms"][0])
    record.departures.push_back(
        fmt::format("the baseline {} instead of {}", now["arms"][0].get<std::string>(), planned_arms[0]));
  for (const char* key : {"margin", "metric", "epochs", "seeds_for_verdict"})
    if (plan.contains(key) && plan[key] != now[key])
      record.departures.push_back(fmt::format("{} {} instead of {}", key, now[key].dump(), plan[key].dump()));
  return record;
}

}  // namespace ate
