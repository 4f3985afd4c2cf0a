#include "config/check_body.h"

#include <fmt/format.h>

#include "config/derived.h"
#include "config/enum_names.h"

namespace ate {
namespace {

// Settings of an encoder that were not in the first configs, which the bag must leave alone.
void check_bag(const BodyConfig& body, std::vector<Problem>& problems) {
  const struct {
    const char* setting;
    bool changed;
  } settings[] = {{"kv_heads", body.kv_heads != 0},
                  {"qk_norm", body.qk_norm},
                  {"feedforward_width", body.feedforward_width != 0},
                  {"normalisation", body.normalisation != Normalisation::layer},
                  {"activation", body.activation == Activation::swiglu},
                  {"positions", body.positions == Positions::rotary},
                  {"dropout_attention", body.dropout_attention.has_value()},
                  {"dropout_residual", body.dropout_residual.has_value()},
                  {"dropout_feedforward", body.dropout_feedforward.has_value()},
                  {"dropout_embedding", body.dropout_embedding.has_value()}};
  for (const auto& setting : settings)
    if (setting.changed)
      problems.push_back({std::string("/body/") + setting.setting,
                          "has no effect on the bag: leave it out or set body.kind=encoder"});
}

void check_heads(const BodyConfig& body, std::vector<Problem>& problems) {
  if (body.width % body.heads != 0) {
    problems.push_back(
        {"/body/heads", fmt::format("{} heads do not divide the width {}", body.heads, body.width)});
    return;
  }
  if (body.heads % key_value_heads(body) != 0)
    problems.push_back({"/body/kv_heads", fmt::format("{} key-value heads do not divide the {} heads",
                                                      body.kv_heads, body.heads)});
  if (body.positions == Positions::rotary && head_width(body) % 2 != 0)
    problems.push_back(
        {"/body/positions", fmt::format("rotary turns pairs, and each of {} heads over a width of {} has {} "
                                        "dimensions: set body.heads or body.width so that they are even",
                                        body.heads, body.width, head_width(body))});
}

}  // namespace

std::vector<Problem> check_body(const BodyConfig& body) {
  std::vector<Problem> problems;
  if (body.kind == BodyKind::bag)
    check_bag(body, problems);
  else
    check_heads(body, problems);
  if (body.positions != Positions::rotary && body.rotary_base != BodyConfig().rotary_base)
    problems.push_back({"/body/rotary_base",
                        fmt::format("has no effect with {} positions: leave it out or set "
                                    "body.positions=rotary",
                                    body.positions == Positions::none ? "no" : enum_name(body.positions))});
  return problems;
}

}  // namespace ate
