#include "claims/audit.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <string_view>

#include "run/signals.h"
#include "support/error.h"
#include "support/text.h"

namespace ate {
namespace {

// As a shell reads it back: quoted where it is not plain.
std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("._-/+:,@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string rerun_command(const Claim& claim, const AuditOptions& options) {
  std::string command = "ate audit";
  if (!options.claims_file.empty()) command += " --claims " + shell_word(options.claims_file);
  command += " --only " + claim.id;
  if (options.full) command += " --full";
  if (options.device != "auto") command += " --device " + options.device;
  return command;
}

// Throws Interrupted.
AuditedClaim check(const Claim& claim, const AuditOptions& options, CheckContext& context) {
  AuditedClaim audited{claim, {}, rerun_command(claim, options), false};
  try {
    audited.finding = run_check(claim, context);
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

Register audited_register(const AuditOptions& options) {
  return options.claims_file.empty() ? original_register() : read_register_file(options.claims_file);
}

std::vector<AuditedClaim> run_audit(const Register& all, const AuditOptions& options) {
  const std::vector<Claim> claims = select_claims(all, options.only);
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
