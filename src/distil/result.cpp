#include "distil/result.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/table.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The fields of each struct, once: a visitor is anything with field(name, member).
template <class V>
void describe(V& v, DistanceScore& s) {
  v.field("nearest", s.nearest);
  v.field("furthest", s.furthest);
  v.field("targets", s.targets);
  v.field("teacher_loss", s.teacher_loss);
  v.field("loss", s.loss);
  v.field("accuracy", s.accuracy);
}

template <class V>
void describe(V& v, Score& s) {
  double difference = s.difference();
  v.field("targets", s.targets);
  v.field("loss", s.loss);
  v.field("teacher_loss", s.teacher_loss);
  v.field("difference", difference);
  v.field("standard_error", s.standard_error);
  v.field("excess", s.excess);
  v.field("teacher_excess", s.teacher_excess);
  v.field("kl", s.kl);
  v.field("relative_logit_error", s.logit_error);
  v.field("accuracy", s.accuracy);
  v.field("teacher_accuracy", s.teacher_accuracy);
  v.field("agreement", s.agreement);
  v.field("mass_recall", s.recall);
  v.field("oracle_recall", s.oracle_recall);
  v.field("leak", s.leak);
  v.field("distances", s.distances);
}

template <class V>
void describe(V& v, SelectorQuality& q) {
  v.field("queries", q.queries);
  v.field("accuracy", q.accuracy);
  v.field("chance", q.chance);
  v.field("best_constant", q.constant);
  v.field("mass", q.mass);
  v.field("mass_chance", q.mass_chance);
  v.field("mass_constant", q.mass_constant);
  v.field("mass_window", q.mass_window);
  v.field("mass_oracle", q.mass_oracle);
  v.field("strongest_moved", q.strongest_moved);
  v.field("choice_moved", q.choice_moved);
}

template <class V>
void describe(V& v, StudentResult& s) {
  v.field("name", s.name);
  v.field("attention", s.attention);
  v.field("k", s.k);
  v.field("failed", s.failed);
  v.field("score", s.score);
}

template <class V>
void describe(V& v, SourceResult& s) {
  v.field("name", s.name);
  v.field("source", s.source);
  v.field("floor_nats", s.floor);
  v.field("selector", s.head.quality);
  v.field("selector_loss", s.head.selector_loss);
  v.field("approximator_loss", s.head.approximator_loss);
  v.field("approximator_r2", s.head.approximator_r2);
  v.field("failed", s.head.failed);
  v.field("hybrid", s.head.score);
  v.field("students", s.students);
}

template <class V>
void describe(V& v, FrontierPoint& p) {
  v.field("kind", p.student.attention);
  v.field("k", p.student.k);
  v.field("name", p.student.name);
  v.field("failed", p.student.failed);
  v.field("flops_per_token", p.flops);
  v.field("seconds", p.seconds);
  v.field("score", p.student.score);
}

struct Writer {
  Json object = Json::object();

  template <class T>
  void field(const char* name, T& member) {
    object[name] = written(member);
  }

  static Json written(std::string& text) { return text; }
  static Json written(int64_t& number) { return number; }
  static Json written(double& number) { return number_or_null(number); }
  static Json written(std::optional<double>& number) { return number_or_null(number); }
  template <class T>
  static Json written(std::vector<T>& items) {
    Json list = Json::array();
    for (T& item : items) list.push_back(written(item));
    return list;
  }
  template <class T>
  static Json written(T& item) {
    Writer inner;
    describe(inner, item);
    return std::move(inner.object);
  }
};

struct Reader {
  const JsonValue& object;

  template <class T>
  void field(const char* name, T& member) {
    read(object.at(name), member);
  }

  static void read(const JsonValue& value, std::string& text) { text = value.text(); }
  static void read(const JsonValue& value, int64_t& number) { number = value.whole(); }
  static void read(const JsonValue& value, double& number) { number = value.number_or_nan(); }
  static void read(const JsonValue& value, std::optional<double>& number) { number = value.number_if_any(); }
  template <class T>
  static void read(const JsonValue& value, std::vector<T>& items) {
    for (const JsonValue& one : value.items()) read(one, items.emplace_back());
  }
  template <class T>
  static void read(const JsonValue& value, T& item) {
    Reader inner{value};
    describe(inner, item);
  }
};

}  // namespace

std::vector<std::string> failures(const DistillationResult& result) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name, const std::string& why) {
    if (!why.empty()) out.push_back(name + ": " + why);
  };
  if (const auto* pipeline = std::get_if<PipelineResult>(&result))
    for (const SourceResult& world : pipeline->worlds) {
      add(world.name + ", head", world.head.failed);
      for (const StudentResult& student : world.students)
        add(world.name + ", " + student.name, student.failed);
    }
  else
    for (const FrontierPoint& point : std::get<FrontierResult>(result).points)
      add(point.student.name, point.student.failed);
  return out;
}

Json to_json(const DistillationResult& result, const std::string& run_id, const std::string& preset,
             int64_t length) {
  Json document = {{"run_id", run_id}, {"preset", preset}};
  DistillationResult copy = result;  // describe takes mutable structs, so that reading can share it
  if (auto* pipeline = std::get_if<PipelineResult>(&copy)) {
    document["worlds"] = Writer::written(pipeline->worlds);
    return document;
  }
  FrontierResult& frontier = std::get<FrontierResult>(copy);
  document["T"] = length;
  document["dense"] = {{"loss", number_or_null(frontier.teacher_loss)},
                       {"flops_per_token", frontier.dense_flops},
                       {"seconds", frontier.dense_seconds}};
  document["points"] = Writer::written(frontier.points);
  for (size_t i = 0; i < frontier.points.size(); ++i) {
    document["points"][i]["flops_ratio"] = frontier.points[i].flops / frontier.dense_flops;
    document["points"][i]["time_ratio"] = frontier.points[i].seconds / frontier.dense_seconds;
  }
  return document;
}

DistillationResult distillation_from_json(const JsonValue& document) {
  if (const std::optional<JsonValue> worlds = document.find("worlds")) {
    PipelineResult result;
    Reader::read(*worlds, result.worlds);
    return result;
  }
  FrontierResult result;
  const JsonValue dense = document.at("dense");
  Reader::read(dense.at("loss"), result.teacher_loss);
  Reader::read(dense.at("flops_per_token"), result.dense_flops);
  Reader::read(dense.at("seconds"), result.dense_seconds);
  Reader::read(document.at("points"), result.points);
  return result;
}

}  // namespace ate
