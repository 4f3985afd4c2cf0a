#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/enum_names.h"
#include "config/overlays.h"
#include "support/hash.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string hash_of(Json request) {
  request.erase("hash");
  return Hash64().add(request.dump()).hex();
}

// Keys that a request has only where the study has something to say there.
bool is_optional(const std::string& key) { return key == "looks" || key == "tune" || key == "budget"; }

// A value of a request must be of the type that plan_of gives it.
void check_type(const JsonValue& value, const std::string& key) {
  if (key == "arms") {
    if (value.items().empty()) value.expected("a list of arms");
    for (const JsonValue& arm : value.items()) (void)(arm.json().is_object() ? arm.at("name") : arm).text();
  } else if (key == "looks" || key == "tune") {
    // read by no one but people: what counts is in the run's id or in the config
  } else if (key == "margin") {
    (void)value.number();
  } else if (key == "epochs" || key == "seeds_for_verdict") {
    (void)value.whole();
  } else {
    std::string problem;
    if (key == "seeds") (void)parse_seeds(value.text(), problem);
    if (!problem.empty()) value.expected("seeds such as \"0..9\" (" + problem + ")");
    (void)value.text();
  }
}

// A request as it was first written: where a key is missing, its value is that of `now` if the hash then fits. What
// cannot be put back is named in `missing`.
Json mended(const JsonValue& stored, const Json& now, std::vector<std::string>& missing) {
  Json request;
  std::vector<std::string> gone;
  for (const auto& [key, value] : now.items()) {
    const std::optional<JsonValue> known = stored.find(key);
    if (known) check_type(*known, key);
    if (!known && is_optional(key)) continue;
    if (!known) gone.push_back(stored.pointer() + "/" + key);
    request[key] = known ? known->json() : value;
  }
  if (gone.empty()) return stored.json();
  if (stored.find("hash") && request["hash"] == hash_of(request)) return request;
  missing.insert(missing.end(), gone.begin(), gone.end());
  return stored.json();
}

// The requests of plan.json; none where it holds none.
std::vector<Json> requests_of(const Json& stored, const Json& now, const std::string& file,
                              std::vector<std::string>& missing) {
  std::vector<Json> requests;
  if (stored.is_null()) return requests;
  if (const std::optional<JsonValue> list = JsonValue(stored, file).find("requests"))
    for (const JsonValue& request : list->items()) requests.push_back(mended(request, now, missing));
  return requests;
}

bool is_lost(const Json& stored, const std::string& file) {
  if (stored.is_null()) return false;
  const std::optional<JsonValue> lost = JsonValue(stored, file).find("lost");
  return lost && lost->flag();
}

SeedList seeds_of(const Json& request) {
  std::string problem;
  return parse_seeds(request.value("seeds", ""), problem);
}

// An arm by its name, with what it sets.
std::vector<std::string> arms_of(const Json& request) {
  std::vector<std::string> arms;
  for (const Json& arm : request.value("arms", Json::array()))
    arms.push_back(arm.is_string() ? arm.get<std::string>()
                                   : arm.value("name", "") + " " + arm.value("set", Json::object()).dump());
  return arms;
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

// What the arm of this name sets by the first request that has one.
std::optional<Json> first_set(const Json& stored, const Json& name) {
  for (const Json& request : stored.value("requests", Json::array())) {
    if (!request.is_object()) continue;
    for (const Json& arm : request.value("arms", Json::array())) {
      if (arm == name) return Json::object();
      if (arm.is_object() && arm.value("name", Json()) == name) return arm.value("set", Json::object());
    }
  }
  return std::nullopt;
}

std::string name_seeds(const SeedList& seeds) {
  return (seeds.size() == 1 ? "seed " : "seeds ") + format_seeds(seeds);
}

std::string name_arms(const std::vector<std::string>& arms) {
  return (arms.size() == 1 ? "arm " : "arms ") + fmt::format("{}", fmt::join(arms, ", "));
}

// The seeds that were planned: those listed, and those that came in later for the looks that were planned.
SeedList planned_seeds(const SeedPlan& plan) {
  const int last = plan.looks.empty() ? plan.planned : std::max(plan.planned, plan.looks.back());
  return {plan.order.begin(), plan.order.begin() + std::min<std::ptrdiff_t>(last, std::ssize(plan.order))};
}

// `allowed`: what may be there, `planned` among it.
template <class T, class Name>
void describe_list(const std::vector<T>& now, const std::vector<T>& planned, const std::vector<T>& allowed,
                   Name name, std::vector<std::string>& out) {
  if (const std::vector<T> added = beyond(now, allowed); !added.empty())
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
  plan["arms"] = arms_to_json(config.study.arms);
  const StudyConfig& study = config.study;
  if (!study.looks.after.empty()) plan["looks"] = study.looks.after;
  if (study.budget != Budget::steps) plan["budget"] = enum_name(study.budget);
  if (!study.tune.axes.empty())
    plan["tune"] = {{"axes", axes_to_json(study.tune.axes)},
                    {"seeds", format_seeds(study.tune.seeds)},
                    {"grow", study.tune.grow},
                    {"share", config.evaluation.tune_share}};
  plan["hash"] = hash_of(plan);
  return plan;
}

Json with_request(const Json& stored, const Config& config, const std::string& file, bool begun) {
  const Json request = plan_of(config);
  std::vector<std::string> missing;
  std::vector<Json> requests = requests_of(stored, request, file, missing);
  const bool lost = is_lost(stored, file) || (begun && requests.empty());
  const bool known = std::any_of(requests.begin(), requests.end(), [&](const Json& r) {
    return r.value("hash", "") == request["hash"].get<std::string>();
  });
  if (!known) requests.push_back(request);
  const bool extended =
      std::any_of(requests.begin(), requests.end(), [&](const Json& r) { return adds(r, requests[0]); });
  Json plan = {{"requests", requests}, {"extended", extended}};
  if (lost) plan["lost"] = true;
  // What was chosen before the test stays chosen.
  for (const char* key : {"tuned", "settled", "seconds_per_step"})
    if (stored.is_object() && stored.contains(key)) plan[key] = stored[key];
  return plan;
}

SeedPlan seeds_of_plan(const Json& stored, const Config& config) {
  SeedPlan plan;
  const Json requests = stored.is_object() ? stored.value("requests", Json::array()) : Json::array();
  for (const Json& request : requests) {
    for (const int64_t seed : beyond(seeds_of(request), plan.order)) plan.order.push_back(seed);
    if (plan.planned == 0) plan.planned = static_cast<int>(plan.order.size());
  }
  const Json first = requests.empty() ? plan_of(config) : requests[0];
  for (const Json& look : first.value("looks", Json::array()))
    if (look.is_number_integer()) plan.looks.push_back(look.get<int>());
  return plan;
}

Json tuned_of_plan(const Json& stored, const std::string& file) {
  Json tuned = stored.is_object() ? stored.value("tuned", Json()) : Json();
  if (!tuned.is_object() || !tuned.contains("arms") || !tuned["arms"].is_array()) return tuned;
  for (size_t i = 0; i < tuned["arms"].size(); ++i) {
    Json& entry = tuned["arms"][i];
    if (!entry.is_object() || entry.contains("own")) continue;
    const Json name = entry.value("arm", Json());
    std::optional<Json> own = first_set(stored, name);
    if (!own)
      throw Failure(
          fmt::format("{}: /tuned/arms/{}/own", file, i),
          fmt::format("is missing, and no request says what {} sets: add it, such as {{}} for an arm "
                      "that sets nothing, or start over with --fresh",
                      name.dump()));
    entry["own"] = *std::move(own);
  }
  return tuned;
}

PlanRecord compare_with_plan(const Json& stored, const Config& config, const std::string& file) {
  const Json now = plan_of(config);
  std::vector<std::string> missing;
  const std::vector<Json> requests = requests_of(stored, now, file, missing);
  if (requests.empty()) return {};
  const Json& plan = requests[0];
  PlanRecord record{plan.value("hash", ""), {}};
  if (is_lost(stored, file))
    record.departures.emplace_back("the plan is lost, as plan.json was removed or emptied");
  if (!missing.empty())
    record.departures.push_back(fmt::format("plan.json was altered: {} {} missing", fmt::join(missing, ", "),
                                            missing.size() == 1 ? "is" : "are"));
  else if (record.hash != hash_of(plan))
    record.departures.emplace_back("plan.json was altered: its hash is of another plan");
  if (plan.contains("seeds"))
    describe_list(seeds_of(now), seeds_of(plan),
                  planned_seeds(seeds_of_plan({{"requests", requests}}, config)), name_seeds,
                  record.departures);
  const std::vector<std::string> planned_arms = arms_of(plan);
  if (plan.contains("arms"))
    describe_list(arms_of(now), planned_arms, planned_arms, name_arms, record.departures);
  if (!planned_arms.empty() && planned_arms[0] != arms_of(now)[0])
    record.departures.push_back(
        fmt::format("the baseline {} instead of {}", arms_of(now)[0], planned_arms[0]));
  for (const char* key : {"margin", "metric", "epochs", "seeds_for_verdict", "looks"})
    if ((plan.contains(key) || is_optional(key)) && plan.value(key, Json()) != now.value(key, Json()))
      record.departures.push_back(fmt::format("{} {} instead of {}", key, now.value(key, Json()).dump(),
                                              plan.value(key, Json()).dump()));
  return record;
}

}  // namespace ate
