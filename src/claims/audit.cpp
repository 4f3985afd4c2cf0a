#include "claims/audit.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>

#include "run/signals.h"
#include "support/error.h"
#include "support/text.h"

namespace ate {
namespace {

std::string rerun_command(const Claim& claim, const AuditOptions& options) {
  std::string command = "ate audit --only " + claim.id;
  if (options.full) command += " --full";
  if (options.device != "auto") command += " --device " + options.device;
  return command;
}

// Throws Interrupted.
AuditedClaim check(const Claim& claim, const AuditOptions& options, CheckContext& context) {
  AuditedClaim audited{claim, {}, rerun_command(claim, options), false};
  try {
    audited.finding = find_check(claim.check)(claim, context);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    audited.failed = true;
    audited.finding = {Verdict::not_run, "the check failed: " + first_line(error.what()), {}};
    spdlog::error("{}: {}", claim.id, first_line(error.what()));
  }
  return audited;
}

}  // namespace

std::vector<AuditedClaim> run_audit(const AuditOptions& options) {
  const std::vector<Claim> claims = select_claims(options.only);
  require_device(options.device, "--device");
  StudyOptions study;
  study.command = "audit";
  study.out = options.out;
  study.jobs = options.jobs;
  CheckContext context(options.full, options.device, study);

  std::vector<AuditedClaim> audited;
  for (const Claim& claim : claims) {
    if (stop_signal() != 0) throw interruption("studies are saved, and the same command goes on from there");
    spdlog::info("checking {} ({} of {})", claim.id, audited.size() + 1, claims.size());
    audited.push_back(check(claim, options, context));
  }
  return audited;
}

}  // namespace ate
