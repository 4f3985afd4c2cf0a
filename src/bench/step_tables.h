// The tables of measured training steps.
#pragma once

#include "bench/step_speed.h"
#include "report/table.h"

namespace ate {

// A row for each variant.
Table step_rows(const StepSpeed& speed);  // time, and speed over eager's
Table rate_rows(const StepSpeed& speed);  // throughput, and shares of the limits
Table part_rows(const StepSpeed& speed);  // fused ones alone: where their time goes

Table peak_rows(const StepSpeed& speed);     // the limits
Table product_rows(const StepSpeed& speed);  // the products one by one

}  // namespace ate
