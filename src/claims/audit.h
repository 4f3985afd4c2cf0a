// The audit: every claim of the register, or some, checked.
#pragma once

#include "claims/check.h"
#include "report/table.h"

namespace ate {

struct AuditOptions {
  std::string claims_file;        // "" for the original report's register
  std::vector<std::string> only;  // ids or groups; empty for all
  bool full = false;              // also what takes long
  std::string device = "auto";
  std::filesystem::path out = "tool_outputs";  // where studies are stored and resumed
  int jobs = 0;                                // trials side by side; 0: one per core
};

struct AuditedClaim {
  Claim claim;
  Finding finding;
  std::string rerun;    // the command that checks it alone
  bool failed = false;  // the check broke off: finding.found says why
};

// The register that the options name. Throws BadInput for a file that is none.
Register audited_register(const AuditOptions& options);

// A check that fails is told as not run, with its reason, and the rest goes on. Throws BadInput for an
// unknown id or a device that is not there, Interrupted when a signal asked for a stop, the studies saved.
std::vector<AuditedClaim> run_audit(const Register& claims, const AuditOptions& options);

// for_people: what was found in a table, the evidence below it; else all in one table.
Report audit_report(const Register& claims, const std::vector<AuditedClaim>& audited, bool for_people);

// The claims themselves, all or those of these ids and groups: what ate audit --list prints. Throws BadInput for an
// unknown id.
Report register_report(const Register& claims, const std::vector<std::string>& only = {});

}  // namespace ate
