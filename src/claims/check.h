// What a check is: from a claim to a finding.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bench/attention.h"
#include "claims/member.h"
#include "claims/register.h"
#include "config/resolve.h"
#include "distil/result.h"
#include "study/study.h"

namespace ate {

enum class Verdict {
  reproduced,       // the number comes out, and it means what it says
  arithmetic_only,  // the number comes out of the formula, which does not measure what the claim says
  contradicted,     // the check finds otherwise
  unsupported,      // nothing in the document, or in what ran, lets anyone check it
  not_run,          // with the reason in Finding::found
};
const char* verdict_name(Verdict verdict);  // "arithmetic only"

struct Finding {
  Verdict verdict = Verdict::not_run;
  std::string found;                  // the number found, in brief
  std::vector<std::string> evidence;  // sentences
};

// What the checks of one audit share.
class CheckContext {
 public:
  CheckContext(bool full, std::string device, StudyOptions study)
      : full_(full), device_(std::move(device)), study_(std::move(study)) {}

  bool full() const { return full_; }

  // Wall-clock and memory on the audit's device; a shape is measured once in an audit. `other_kinds`: beside dense
  // attention and mlp_topk.
  const MeasuredShape& measured(const Shape& shape, bool other_kinds = false);

  // A study, stored and resumed under the audit's folder. Throws Interrupted when a signal stopped it.
  StudyResult study(Choice choice) const;
  // The same for a pipeline of ate train.
  PipelineResult pipeline(Choice choice) const;

 private:
  Resolved resolved(Choice choice) const;  // on the audit's device

  bool full_;
  std::string device_;
  StudyOptions study_;
  std::map<std::string, MeasuredShape> measured_;
};

// A check: one of these in a checks_*.cpp, and its address in checks.cpp.
struct CheckDescription {
  const char* name;
  const char* help;                    // what it asks, a clause
  std::span<const Member> given = {};  // its settings
  bool config = false;                 // they begin with those of a config: preset, config, set
  bool shape = false;                  // they begin with those of an attention's shape: d, heads, k, h
  // With every setting there. claim.given is sound.
  Finding (*run)(const Claim&, CheckContext&) = nullptr;
  // What no single setting shows: problems at JSON pointers of claim.given. nullptr: nothing can be wrong.
  std::vector<Problem> (*problems)(const Claim&) = nullptr;
};
const std::vector<const CheckDescription*>& checks();

// The check that a claim names. Throws std::out_of_range for an unknown one.
const CheckDescription& find_check(const std::string& name);

template <size_t n>
Members list_of(const Member (&members)[n]) {
  Members list;
  for (const Member& member : members) list.push_back(&member);
  return list;
}

// All that the check is given.
Members given_members(const CheckDescription& check);

// What is wrong with what a claim gives its check, each with file and JSON pointer.
std::vector<Problem> given_problems(const Claim& claim);

// Runs the claim's check. Throws what the check throws.
Finding run_check(Claim claim, CheckContext& context);

// The config that a claim's preset, config and set choose.
Choice claim_choice(const Claim& claim);
// The same resolved. Throws BadInput: problems of a config's file are at that file, others at the claim.
Resolved claim_config(const Claim& claim);

// What training the arm takes.
struct ModelCounts {
  int64_t parameters = 0;
  double flops_per_token = 0;
};
ModelCounts count_model(const Config& study, const Arm& arm);

// Whether a number rounds to what was printed with so many digits after the point.
bool prints_as(double value, double printed, int digits);

// Whether two numbers, neither 0, differ by no more than this share of the second.
bool is_near(double value, double reference, double share);

}  // namespace ate
