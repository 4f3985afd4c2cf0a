// The checks there are. Those that any paper can use come first.
#include "claims/check.h"

namespace ate {

extern const CheckDescription study_verdict_check, value_check, arm_ratio_check,
    leak_check;  // checks_study.cpp
extern const CheckDescription cost_ratio_check, cost_exponent_check, crossover_check,
    time_ratio_check;  // checks_attention.cpp
extern const CheckDescription speedup_row_check, row_width_check, complexity_check, memory_row_check,
    gpt4_row_check, gpt4_units_check;  // checks_cost.cpp
extern const CheckDescription loss_ratio_check, loss_difference_check, parameter_ratio_check,
    parameter_width_check, leaking_loss_check, band_widths_check;  // checks_embedding.cpp
extern const CheckDescription rigour_check, references_check;      // checks_method.cpp
extern const CheckDescription selector_check, query_alone_check;   // checks_sparse.cpp

const std::vector<const CheckDescription*>& checks() {
  static const std::vector<const CheckDescription*> all = {
      &study_verdict_check,   &value_check,           &arm_ratio_check,    &leak_check,
      &cost_ratio_check,      &cost_exponent_check,   &crossover_check,    &time_ratio_check,
      &speedup_row_check,     &row_width_check,       &complexity_check,   &memory_row_check,
      &gpt4_row_check,        &gpt4_units_check,      &loss_ratio_check,   &loss_difference_check,
      &parameter_ratio_check, &parameter_width_check, &leaking_loss_check, &band_widths_check,
      &rigour_check,          &references_check,      &selector_check,     &query_alone_check};
  return all;
}

}  // namespace ate
