// The checks that any paper can use: each verdict is reached, by changing what is claimed.
#include "catch.h"
#include "claims/check.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Finding finding_of(const std::string& check, const Json& given, const Json& changes = Json::object()) {
  static const TemporaryFolder folder;
  CheckContext context(false, "cpu", {"audit", folder.path(), 2});
  Claim claim{"x", "a claim", "1", check, given, "my.json", "/claims/0"};
  claim.given.update(changes);
  CHECK(given_problems(claim).empty());
  return run_check(claim, context);
}

Verdict verdict_of(const std::string& check, const Json& given, const Json& changes = Json::object()) {
  return finding_of(check, given, changes).verdict;
}

// Ten seeds of two arms in a second.
Json short_study(const std::string& arm, const std::string& seeds = "0..9") {
  return {{"preset", "focused"},
          {"set", {"schedule.epochs=2", "study.seeds=" + seeds, "study.arms=[\"standard\",\"" + arm + "\"]"}},
          {"arm", arm}};
}

// An encoder of seconds without a mask: it sees its targets.
Json small_encoder(const std::string& mode) {
  return {{"preset", "medium"},
          {"config",
           {{"source", {{"tokens", 4000}, {"vocabulary", 50}}},
            {"body", {{"width", 16}}},
            {"schedule", {{"epochs", 1}}},
            {"windows", {{"batches_per_epoch", 5}}}}},
          {"set", {"study.seeds=0", "mode=" + mode}}};
}

}  // namespace

TEST_CASE("the ratio of two kinds' operations", "[claims]") {
  const Json given = {{"d", 512}, {"T", 256}, {"k", 32}, {"attention", {"dense", "window"}}, {"ratio", 8}};
  CHECK(verdict_of("cost_ratio", given) == Verdict::reproduced);
  CHECK(finding_of("cost_ratio", given).found == "8x");
  CHECK(verdict_of("cost_ratio", given, {{"ratio", 7.9}}) == Verdict::contradicted);
  CHECK(verdict_of("cost_ratio", given, {{"ratio", 7.9}, {"relative_tolerance", 0.02}}) ==
        Verdict::reproduced);
  CHECK(verdict_of("cost_ratio", given, {{"attention", {"window", "dense"}}, {"ratio", 0.125}}) ==
        Verdict::reproduced);
  // The original report's 2.29 comes out of its formula alone.
  const Json row = {{"d", 512}, {"T", 256}, {"attention", {"dense", "mlp_topk"}}, {"ratio", 2.29}};
  CHECK(verdict_of("cost_ratio", row) == Verdict::arithmetic_only);
  CHECK(verdict_of("cost_ratio", row, {{"ratio", 20}}) == Verdict::contradicted);
  CHECK(verdict_of("cost_ratio", row, {{"ratio", 0.15}, {"relative_tolerance", 0.05}}) ==
        Verdict::reproduced);
}

TEST_CASE("the ratio of two kinds' bytes and parameters", "[claims]") {
  const Json given = {{"d", 64},
                      {"heads", 1},
                      {"T", 32},
                      {"h", 16},
                      {"quantity", "parameters"},
                      {"attention", {"window", "dense"}},
                      {"ratio", 1}};
  CHECK(verdict_of("cost_ratio", given) == Verdict::reproduced);
  // Four projections of 64 * 65; selector 64 * 16 + 16 + 16 * 32 + 32, approximator 8 * 64 * 16 + 16 + 16 * 64 + 64.
  const double own = 64 * 16 + 16 + 16 * 32 + 32 + 8 * 64 * 16 + 16 + 16 * 64 + 64;
  CHECK(verdict_of("cost_ratio", given,
                   {{"attention", {"mlp_topk", "dense"}},
                    {"ratio", 1 + own / (4 * 64 * 65)},
                    {"relative_tolerance", 1e-9}}) == Verdict::reproduced);
  const Json bytes = {
      {"d", 512}, {"T", 1024}, {"quantity", "bytes"}, {"attention", {"dense", "mlp_topk"}}, {"ratio", 32}};
  CHECK(verdict_of("cost_ratio", bytes) == Verdict::contradicted);
  CHECK(verdict_of("cost_ratio", bytes, {{"attention", {"dense", "dense"}}, {"ratio", 1}}) ==
        Verdict::reproduced);
}

TEST_CASE("the exponent by which a kind's cost grows", "[claims]") {
  const Json given = {{"d", 512}, {"attention", "window"}, {"exponent", 1}};
  CHECK(verdict_of("cost_exponent", given) == Verdict::reproduced);
  CHECK(finding_of("cost_exponent", given).found == "T^1.00");
  CHECK(verdict_of("cost_exponent", given, {{"attention", "dense"}}) == Verdict::contradicted);
  CHECK(verdict_of("cost_exponent", given, {{"attention", "dense"}, {"exponent", 2}}) == Verdict::reproduced);
  CHECK(verdict_of("cost_exponent", given, {{"attention", "mlp_topk"}, {"pass", "both"}}) ==
        Verdict::contradicted);
  CHECK(verdict_of("cost_exponent", given, {{"exponent", 1.5}, {"tolerance", 0.6}}) == Verdict::reproduced);
}

TEST_CASE("the crossover of a kind other than the original report's", "[claims]") {
  const Json given = {{"d", 512}, {"T", 33}, {"k", 32}, {"attention", "window"}};
  CHECK(finding_of("crossover", given).found == "T = 33");
  CHECK(verdict_of("crossover", given) == Verdict::reproduced);
  CHECK(verdict_of("crossover", given, {{"T", 67}}) == Verdict::contradicted);
  CHECK(verdict_of("crossover", given, {{"T", 66}}) == Verdict::reproduced);
  CHECK(finding_of("crossover", given, {{"k", 64}}).found == "T = 65");
}

TEST_CASE("a speedup by the clock", "[claims]") {
  const Json given = {{"d", 64}, {"T", 64}, {"attention", "window"}, {"speedup", 1e9}};
  const Finding fast = finding_of("time_ratio", given);
  CHECK(fast.verdict == Verdict::contradicted);
  CHECK(contains(fast.evidence[0], "Timed on cpu"));
  CHECK(verdict_of("time_ratio", given, {{"at_least", true}}) == Verdict::contradicted);
  CHECK(verdict_of("time_ratio", given, {{"at_least", true}, {"speedup", 1e-9}}) == Verdict::reproduced);
  CHECK(verdict_of("time_ratio", given, {{"speedup", 1e-9}}) == Verdict::contradicted);
}

TEST_CASE("the verdict of a study", "[claims]") {
  Json given = short_study("tied");
  given["verdict"] = "worse";
  CHECK(verdict_of("study_verdict", given) == Verdict::reproduced);
  CHECK(verdict_of("study_verdict", given, {{"verdict", "better"}}) == Verdict::contradicted);
  CHECK(verdict_of("study_verdict", given, {{"least", 1e-6}}) == Verdict::reproduced);
  CHECK(verdict_of("study_verdict", given, {{"least", 100}}) == Verdict::contradicted);
  CHECK(contains(finding_of("study_verdict", given).found, "worse (+"));
  const Finding single = finding_of("study_verdict", short_study("tied", "0"), {{"verdict", "worse"}});
  CHECK(single.verdict == Verdict::unsupported);
  CHECK(single.found == "none: 1 seed has no spread");
}

TEST_CASE("an effect whose interval holds the least that is claimed is undecided", "[claims]") {
  Json given = short_study("tied");
  given["verdict"] = "worse";
  const std::string found = finding_of("study_verdict", given).found;
  const double mean = std::stod(found.substr(found.find('+')));
  CHECK(verdict_of("study_verdict", given, {{"least", mean}}) == Verdict::unsupported);
}

TEST_CASE("a study whose model sees its targets supports no verdict", "[claims]") {
  Json given = small_encoder("published");
  given.update({{"arm", "bespoke"}, {"verdict", "better"}});
  const Finding finding = finding_of("study_verdict", given);
  CHECK(finding.verdict == Verdict::unsupported);
  CHECK(finding.found == "none: a canary failed");
  CHECK(contains(finding.evidence[0], "Canary causality standard: "));
}

TEST_CASE("a value of an arm", "[claims]") {
  Json given = short_study("bespoke");
  given.update({{"field", "parameters"}, {"value", 25800}, {"tolerance", 0}, {"arm", "standard"}});
  CHECK(verdict_of("value", given) == Verdict::reproduced);
  CHECK(finding_of("value", given).found == "25800");
  CHECK(verdict_of("value", given, {{"value", 25801}}) == Verdict::contradicted);
  given.update({{"field", "mean_loss"}, {"value", 3.5}, {"tolerance", 3}});
  CHECK(verdict_of("value", given) == Verdict::reproduced);
  CHECK(verdict_of("value", given, {{"value", 9}}) == Verdict::contradicted);
  const double loss = std::stod(finding_of("value", given).found);
  CHECK(verdict_of("value", given, {{"value", loss}, {"tolerance", 1e-6}}) == Verdict::reproduced);
  CHECK(std::stod(finding_of("value", given, {{"field", "perplexity"}}).found) == Approx(std::exp(loss)));
  Json by_share = given;
  by_share.erase("tolerance");
  by_share.update({{"value", 1.05 * loss}, {"relative_tolerance", 0.06}});
  CHECK(verdict_of("value", by_share) == Verdict::reproduced);
  CHECK(verdict_of("value", by_share, {{"relative_tolerance", 0.04}}) == Verdict::contradicted);
}

TEST_CASE("the loss of a model that sees its targets is arithmetic only", "[claims]") {
  Json given = small_encoder("published");
  given.update({{"arm", "standard"}, {"field", "mean_loss"}, {"value", 3}, {"tolerance", 3}});
  CHECK(verdict_of("value", given) == Verdict::arithmetic_only);
}

TEST_CASE("the ratio of two arms", "[claims]") {
  const Json given = {
      {"preset", "focused"}, {"set", {"mode=published"}}, {"arms", {"bespoke", "standard"}}, {"ratio", 2.48}};
  CHECK(verdict_of("arm_ratio", given) == Verdict::reproduced);
  CHECK(finding_of("arm_ratio", given).found == "2.4784x");
  CHECK(verdict_of("arm_ratio", given, {{"relative_tolerance", 1e-4}}) == Verdict::contradicted);
  CHECK(verdict_of("arm_ratio", given, {{"arms", {"standard", "bespoke"}}}) == Verdict::contradicted);
  CHECK(verdict_of("arm_ratio", given,
                   {{"arms", {"standard", "standard"}}, {"quantity", "flops_per_token"}, {"ratio", 1}}) ==
        Verdict::reproduced);
}

TEST_CASE("a model that sees its targets is found, and one that does not is not", "[claims]") {
  CHECK(verdict_of("leak", small_encoder("published")) == Verdict::reproduced);
  const Finding honest = finding_of("leak", small_encoder("corrected"));
  CHECK(honest.verdict == Verdict::contradicted);
  CHECK(honest.found == "0 of 4 canaries failed");
}
