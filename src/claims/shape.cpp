#include "claims/shape.h"

#include <fmt/format.h>

#include <cmath>

#include "claims/check.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kHeadSize = 64;  // of the original report's tables

constexpr Member kShapeMembers[] = {
    {"d", MemberType::whole, "d, width of the model", between(1, 1 << 20)},
    {"heads", MemberType::whole, "H, attention heads; by default of 64 each", between(1, 1 << 16), "null"},
    {"k", MemberType::whole, "k, keys that a query reads", between(1, 1 << 20), "8"},
    {"h", MemberType::whole, "h, hidden width of mlp_topk's selector and approximator", between(1, 1 << 20),
     "128"},
};

std::string milliseconds(const AttentionTiming& timing) {
  return fmt::format("{:.2f} ms ({:.2f} to {:.2f} in {})", timing.median() * 1e3, timing.least() * 1e3,
                     timing.most() * 1e3, counted(static_cast<int64_t>(timing.seconds.size()), "run"));
}

}  // namespace

Shape document_shape(int64_t width, int64_t length) {
  Shape shape;
  shape.width = width;
  shape.length = length;
  shape.heads = shape.kv_heads = width / kHeadSize;
  return shape;
}

Members shape_members() { return list_of(kShapeMembers); }

std::vector<Problem> shape_problems(const Json& given) {
  const int64_t width = given["d"];
  if (given["heads"].is_null())
    return width % kHeadSize == 0
               ? std::vector<Problem>{}
               : std::vector<Problem>{
                     {"/d", fmt::format("{} is not a multiple of {}: give heads too", width, kHeadSize)}};
  const int64_t heads = given["heads"];
  if (width % heads == 0) return {};
  return {{"/heads", fmt::format("{} heads do not divide the width {}", heads, width)}};
}

Shape claimed_shape(const Json& given, int64_t length) {
  Shape shape = document_shape(given["d"], length);
  if (!given["heads"].is_null()) shape.heads = shape.kv_heads = given["heads"];
  shape.keys = given["k"];
  shape.hidden = given["h"];
  return shape;
}

std::vector<std::string> attention_names() { return registered_names<AttentionDescription>(); }

double measured_speedup(const MeasuredShape& measured, const std::string& path, const std::string& name,
                        std::vector<std::string>& evidence) {
  const AttentionTiming* dense = measured.fastest_dense();
  const AttentionTiming* sparse = measured.find(path);
  if (dense == nullptr || sparse == nullptr || sparse->seconds.empty()) {
    evidence.push_back("Not timed on " + measured.device + ": " +
                       (sparse == nullptr ? "no sparse path" : sparse->reason) + ".");
    return std::nan("");
  }
  evidence.push_back(fmt::format("Timed on {}, causal: {} {}; {} {}: {:.2f}x.", measured.device, dense->path,
                                 milliseconds(*dense), name, milliseconds(*sparse),
                                 dense->median() / sparse->median()));
  return dense->median() / sparse->median();
}

std::string times_or_not(double ratio) {
  return std::isnan(ratio) ? "not timed" : fmt::format("{:.2f}x", ratio);
}

}  // namespace ate
