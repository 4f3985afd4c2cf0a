// What a check is: from a claim to a finding.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bench/attention.h"
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

  // Wall-clock and memory on the audit's device; a shape is measured once in an audit.
  const MeasuredShape& measured(const Shape& shape, int repeats = 5);

  // A study of standard against bespoke by the preset with these settings ("schedule.epochs=3"), stored and
  // resumed under the audit's folder. Throws Interrupted when a signal stopped it.
  StudyResult study(const std::string& preset, std::vector<std::string> sets) const;

  // The same for a pipeline of ate train.
  PipelineResult pipeline(const std::string& preset, std::vector<std::string> sets) const;

 private:
  bool full_;
  std::string device_;
  StudyOptions study_;
  std::map<std::string, MeasuredShape> measured_;
};

using Check = Finding (*)(const Claim&, CheckContext&);

// The check that a claim names; every name in the register is known. Throws std::out_of_range for another.
Check find_check(const std::string& name);

// Whether a number rounds to what was printed with so many digits after the point.
bool prints_as(double value, double printed, int digits);

// Whether two numbers, neither 0, differ by no more than this share of the second.
bool is_near(double value, double reference, double share);

// The checks. What each decides stands beside it in its file.
Finding check_speedup_row(const Claim&, CheckContext&);  // checks_cost.cpp
Finding check_row_width(const Claim&, CheckContext&);
Finding check_crossover(const Claim&, CheckContext&);
Finding check_complexity(const Claim&, CheckContext&);
Finding check_memory_row(const Claim&, CheckContext&);
Finding check_gpt4_row(const Claim&, CheckContext&);
Finding check_gpt4_units(const Claim&, CheckContext&);
Finding check_loss_ratio(const Claim&, CheckContext&);  // checks_embedding.cpp
Finding check_loss_difference(const Claim&, CheckContext&);
Finding check_parameter_ratio(const Claim&, CheckContext&);
Finding check_parameter_width(const Claim&, CheckContext&);
Finding check_leaking_loss(const Claim&, CheckContext&);
Finding check_rigour(const Claim&, CheckContext&);  // checks_method.cpp
Finding check_references(const Claim&, CheckContext&);
Finding check_selector(const Claim&, CheckContext&);  // checks_sparse.cpp
Finding check_query_alone(const Claim&, CheckContext&);

}  // namespace ate
