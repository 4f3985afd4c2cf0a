#include <fmt/format.h>
#include <fmt/ranges.h>

#include "claims/audit.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr Verdict kVerdicts[] = {Verdict::reproduced, Verdict::arithmetic_only, Verdict::contradicted,
                                 Verdict::unsupported, Verdict::not_run};

std::string evidence_text(const AuditedClaim& audited) {
  return fmt::format("{}", fmt::join(audited.finding.evidence, " "));
}

// "24 claims: 2 reproduced, 12 arithmetic only, ..."
std::string tally(const std::vector<AuditedClaim>& claims) {
  std::string out = fmt::format("{} claim{}: ", claims.size(), claims.size() == 1 ? "" : "s");
  bool first = true;
  for (const Verdict verdict : kVerdicts) {
    int count = 0;
    for (const AuditedClaim& audited : claims) count += audited.finding.verdict == verdict ? 1 : 0;
    if (count == 0) continue;
    out += fmt::format("{}{} {}", first ? "" : ", ", count, verdict_name(verdict));
    first = false;
  }
  return out;
}

Json to_json(const AuditedClaim& audited) {
  return {{"id", audited.claim.id},
          {"claim", audited.claim.claim},
          {"claimed", audited.claim.claimed},
          {"found", audited.finding.found},
          {"verdict", verdict_name(audited.finding.verdict)},
          {"evidence", audited.finding.evidence},
          {"rerun", audited.rerun}};
}

Table summary_table(const std::vector<AuditedClaim>& claims) {
  Table table{
      "claims", "", {{"id", "id"}, {"verdict", "verdict"}, {"claimed", "claimed"}, {"found", "found"}}, {}};
  for (const AuditedClaim& audited : claims)
    table.rows.push_back({audited.claim.id, verdict_name(audited.finding.verdict), audited.claim.claimed,
                          audited.finding.found});
  return table;
}

Table full_table(const std::vector<AuditedClaim>& claims) {
  Table table{"claims",
              "",
              {{"id", "id"},
               {"claim", "claim"},
               {"claimed", "claimed"},
               {"found", "found"},
               {"verdict", "verdict"},
               {"evidence", "evidence"},
               {"rerun", "rerun"}},
              {}};
  for (const AuditedClaim& audited : claims)
    table.rows.push_back({audited.claim.id, audited.claim.claim, audited.claim.claimed, audited.finding.found,
                          verdict_name(audited.finding.verdict), evidence_text(audited), audited.rerun});
  return table;
}

}  // namespace

Report audit_report(const Register& claims, const std::vector<AuditedClaim>& audited, bool for_people) {
  Report report;
  report.title = "Audit of the claims";
  report.facts = {
      claims.title + " (" + claims.source + ")", tally(audited),
      "reproduced: the number comes out and means what it says; arithmetic only: it comes out of a formula",
      "or a procedure that does not measure what the claim says"};
  report.tables.push_back(for_people ? summary_table(audited) : full_table(audited));
  if (for_people)
    for (const AuditedClaim& one : audited)
      report.notes.push_back(fmt::format("{}: {}. {}{}Rerun: {}", one.claim.id, one.claim.claim,
                                         evidence_text(one), one.finding.evidence.empty() ? "" : " ",
                                         one.rerun));
  report.document = {{"title", claims.title}, {"source", claims.source}, {"claims", Json::array()}};
  for (const AuditedClaim& one : audited) report.document["claims"].push_back(to_json(one));
  return report;
}

Report register_report(const Register& all, const std::vector<std::string>& only) {
  const std::vector<Claim> claims = select_claims(all, only);
  Report report;
  report.title = "The register of claims";
  report.facts = {all.title + " (" + all.source + ")"};
  Table table{"claims", "", {{"id", "id"}, {"claimed", "claimed"}, {"claim", "claim"}}, {}};
  for (const Claim& claim : claims) table.rows.push_back({claim.id, claim.claimed, claim.claim});
  report.tables.push_back(std::move(table));
  report.document = {{"title", all.title}, {"source", all.source}, {"claims", Json::array()}};
  for (const Claim& claim : claims)
    report.document["claims"].push_back({{"id", claim.id},
                                         {"claim", claim.claim},
                                         {"claimed", claim.claimed},
                                         {"check", claim.check},
                                         {"given", claim.given}});
  return report;
}

}  // namespace ate
