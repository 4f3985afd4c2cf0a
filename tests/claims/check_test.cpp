// A verdict follows what the check finds: other numbers in the claim, another verdict.
#include "claims/check.h"

#include <fmt/format.h>

#include "catch.h"
#include "claims/audit.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Claim claim_named(const std::string& id) { return select_claims(original_register(), {id}).front(); }

// The finding on a claim of the register with some of its numbers changed.
Finding find(const std::string& id, const Json& changes = Json::object(), bool full = false) {
  static const TemporaryFolder folder;
  CheckContext context(full, "cpu", {"audit", folder.path(), 2});
  Claim claim = claim_named(id);
  claim.given.update(changes);
  return run_check(claim, context);
}

Verdict verdict(const std::string& id, const Json& changes = Json::object()) {
  return find(id, changes).verdict;
}

}  // namespace

TEST_CASE("a row of speedups", "[claims]") {
  CHECK(verdict("flops.128") == Verdict::arithmetic_only);
  CHECK(verdict("flops.128", {{"ratio", 0.19}}) == Verdict::contradicted);
  CHECK(verdict("flops.128", {{"full_millions", 1.1}}) == Verdict::contradicted);
  CHECK(verdict("flops.128", {{"sparse_millions", 5.9}}) == Verdict::contradicted);
  const Finding finding = find("flops.128");
  CHECK(contains(finding.found, "0.18x by its formula; corrected 0.05x; clock "));
  CHECK(finding.evidence.size() == 3);
}

TEST_CASE("a row under the wrong width is found at its own", "[claims]") {
  // A small twin of the original report's: the numbers of d 256 under the label 320.
  const Json twin = {
      {"d", 320}, {"T", 128}, {"full_millions", 8.4}, {"sparse_millions", 12.6}, {"ratio", 0.67}};
  const Finding row = find("flops.128", twin);
  CHECK(row.verdict == Verdict::arithmetic_only);
  CHECK(contains(row.found, "0.67x by its formula at d 256"));
  CHECK(verdict("flops.row-2048") == Verdict::contradicted);
  CHECK(find("flops.row-2048").found == "d = 1280");
  CHECK(verdict("flops.row-2048", {{"d", 1280}}) == Verdict::reproduced);
  CHECK(find("flops.row-2048", {{"ratio", 3.3}}).found == "no width gives these numbers");
}

TEST_CASE("crossover", "[claims]") {
  CHECK(verdict("flops.crossover") == Verdict::contradicted);
  CHECK(verdict("flops.crossover", {{"T", 100}}) == Verdict::arithmetic_only);
  CHECK(contains(find("flops.crossover").found, "T = 92 by its formula, 98 detailed, corrected never"));
}

TEST_CASE("memory", "[claims]") {
  const Json small = {
      {"d", 128}, {"T", 64}, {"full_megabytes", 0.3}, {"sparse_megabytes", 0.0}, {"reduction", 8.0}};
  CHECK(verdict("memory.512", small) == Verdict::arithmetic_only);
  CHECK(verdict("memory.512", {{"reduction", 17.0}}) == Verdict::contradicted);
  CHECK(contains(find("memory.512").found, "16.0x by its formula; measured "));
}

TEST_CASE("GPT-4's rows and units", "[claims]") {
  CHECK(verdict("gpt4.8k") == Verdict::arithmetic_only);
  CHECK(verdict("gpt4.8k", {{"ratio", 510}}) == Verdict::contradicted);
  CHECK(verdict("gpt4.128k") == Verdict::arithmetic_only);
  CHECK(verdict("gpt4.units") == Verdict::contradicted);
  CHECK(verdict("gpt4.units", {{"full_millions", 2111062325.0}}) == Verdict::reproduced);
  CHECK(find("gpt4.units").found == "2,111,062,325M: 1005 times as many");
}

TEST_CASE("parameters", "[claims]") {
  CHECK(verdict("bespoke.params") == Verdict::arithmetic_only);
  CHECK(find("bespoke.params").found == "2.4784x; 1.3188x without dead rows");
  CHECK(verdict("bespoke.params", {{"ratio", 2.5}}) == Verdict::contradicted);
  CHECK(verdict("bespoke.dim128") == Verdict::contradicted);
  CHECK(find("bespoke.dim128").found == "d = 128 gives 2.84x");
  CHECK(verdict("bespoke.dim128", {{"d", 64}}) == Verdict::reproduced);
}

TEST_CASE("widths and shares of frequent and rare tokens", "[claims]") {
  CHECK(verdict("bespoke.widths") == Verdict::contradicted);
  const Finding definitive = find("bespoke.widths", {{"presets", {"definitive"}}});
  CHECK(definitive.found == "definitive: +40 %, -40 % at 10/70/20");
  CHECK(contains(definitive.evidence[0], "1.0259x the standard model's"));
  CHECK(verdict("bespoke.widths", {{"presets", {"definitive"}}, {"shares", {0.1, 0.7, 0.2}}}) ==
        Verdict::reproduced);
  CHECK(
      verdict("bespoke.widths", {{"presets", {"definitive"}}, {"shares", {0.1, 0.7, 0.2}}, {"high", 1.3}}) ==
      Verdict::contradicted);
}

TEST_CASE("claims beside the 700-epoch test and about training", "[claims]") {
  CHECK(find("bespoke.overhead").found == "1.0259x");
  CHECK(verdict("bespoke.overhead") == Verdict::contradicted);
  CHECK(verdict("bespoke.overhead", {{"ratio", 1.026}}) == Verdict::reproduced);
  CHECK(verdict("flops.training") == Verdict::contradicted);
  CHECK(verdict("flops.training", {{"exponent", 2}}) == Verdict::reproduced);
}

TEST_CASE("the ratio of losses after three epochs", "[claims]") {
  CHECK(verdict("bespoke.3epochs") == Verdict::contradicted);
  CHECK(verdict("bespoke.3epochs", {{"ratio", 1}}) == Verdict::reproduced);
}

TEST_CASE("the loss of a model that sees its targets", "[claims]") {
  const Finding finding = find("bespoke.700");
  CHECK(finding.verdict == Verdict::not_run);
  CHECK(contains(finding.found, "too long for --quick; the model sees its targets"));
  CHECK(contains(finding.evidence[0], "far below the source's entropy, 4.2275"));
  CHECK(contains(finding.evidence[1], "31 of 32 targets are in the input"));
}

TEST_CASE("the same in full, on a preset of seconds whose model is honest", "[claims]") {
  const Json focused = {{"preset", "focused"}, {"epochs", 1}};
  const Finding finding = find("bespoke.700", focused, true);
  CHECK(finding.verdict == Verdict::contradicted);
  CHECK(contains(finding.evidence[2], "Causal and paired, 1 epoch from 10 seeds: a loss of "));
  CHECK(contains(finding.evidence[2], "nats; bespoke - standard "));
  CHECK(contains(finding.evidence.back(), "ate validate-bespoke --preset focused"));
  Json nearby = focused;
  nearby["loss"] = std::stod(finding.found);
  CHECK(verdict("bespoke.700", nearby) == Verdict::not_run);
  CHECK(find("bespoke.700", nearby, true).verdict == Verdict::reproduced);
}

TEST_CASE("the difference of losses is judged by the paired interval", "[claims]") {
  CHECK(verdict("bespoke.50") == Verdict::reproduced);
  CHECK(verdict("bespoke.50", {{"bespoke", 2.9891}}) == Verdict::contradicted);
  CHECK(contains(find("bespoke.50").evidence[1], "times what was printed"));
}

TEST_CASE("the selector's verdicts follow what is found and what is asked", "[claims]") {
  const Json small = {"windows.length=24",          "body.width=16",
                      "attention.hidden=8",         "schedule.epochs=1",
                      "train.recall_epochs=1",      "train.recall_tokens=8000",
                      "source.tokens=8000",         "windows.batches_per_epoch=30",
                      "train.collect_batches=4",    "train.selector_steps=60",
                      "train.approximator_steps=60"};
  const Finding found = find("sparse.selector", {{"set", small}, {"margin", 2.0}});
  CHECK(found.verdict == Verdict::contradicted);
  CHECK(contains(found.found, "random: top-1 "));
  CHECK(contains(found.found, "recall: top-1 "));
  CHECK(find("sparse.selector", {{"set", small}, {"margin", -2.0}, {"share", 0.0}}).verdict ==
        Verdict::reproduced);
  // A selector that reads the query alone cannot follow content.
  CHECK(find("sparse.no-qk", {{"set", small}, {"least", 0.0}}).verdict == Verdict::contradicted);
  CHECK(find("sparse.no-qk", {{"set", small}, {"least", 1.0}}).verdict == Verdict::not_run);
}

TEST_CASE("method and references", "[claims]") {
  CHECK(verdict("method.rigour") == Verdict::unsupported);
  CHECK(verdict("industry.adoption") == Verdict::unsupported);
  CHECK(verdict("industry.adoption", {{"references", {"a paper"}}}) == Verdict::not_run);
}

TEST_CASE("numbers print as they were printed", "[claims]") {
  CHECK(prints_as(67.108864, 67.1, 1));
  CHECK_FALSE(prints_as(67.16, 67.1, 1));
  CHECK(is_near(496.48, 500, 0.01));
  CHECK_FALSE(is_near(494, 500, 0.01));
}

TEST_CASE("the report has a line for each claim and the fields that scripts read", "[claims]") {
  const std::vector<AuditedClaim> claims = {
      {claim_named("flops.128"),
       {Verdict::arithmetic_only, "0.18x", {"One.", "Two."}},
       "ate audit --only flops.128"},
      {claim_named("gpt4.8k"), {Verdict::not_run, "why", {}}, "ate audit --only gpt4.8k", true}};
  const Report report = audit_report(original_register(), claims, true);
  CHECK(contains(report.facts[1], "2 claims: 1 arithmetic only, 1 not run"));
  CHECK(report.tables[0].rows.size() == 2);
  CHECK(report.notes[0] ==
        "flops.128: " + claims[0].claim.claim + ". One. Two. Rerun: ate audit --only flops.128");
  const Json& first = report.document["claims"][0];
  for (const char* field : {"id", "claim", "claimed", "found", "verdict", "evidence", "rerun"})
    CHECK(first.contains(field));
  CHECK(first["verdict"] == "arithmetic only");
  CHECK(audit_report(original_register(), claims, false).tables[0].columns.size() == 7);
}
