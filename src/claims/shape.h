// The shape of attention that a claim speaks of, as members of what it gives, and what it costs here.
#pragma once

#include "analysis/accounting.h"
#include "bench/attention.h"
#include "claims/member.h"

namespace ate {

// Of the original report's tables: heads of 64, k = 8 and h = 128.
Shape document_shape(int64_t width, int64_t length);

// d, heads, k and h.
Members shape_members();
// T, for checks of one length. Their own: others have T as what is claimed.
inline constexpr Member kLengthMember = {"T", MemberType::whole, "T, tokens in the sequence",
                                         between(1, 1 << 24)};

// Problems at JSON pointers of `given`.
std::vector<Problem> shape_problems(const nlohmann::ordered_json& given);
// `given` has every member of the shape.
Shape claimed_shape(const nlohmann::ordered_json& given, int64_t length);

// The registered kinds of attention.
std::vector<std::string> attention_names();

// Speedup of a path over the fastest dense one; NaN when one of them did not run, and why is then in the evidence.
// `name`: of the path, for people.
double measured_speedup(const MeasuredShape& measured, const std::string& path, const std::string& name,
                        std::vector<std::string>& evidence);
std::string times_or_not(double ratio);  // "2.00x", "not timed"

}  // namespace ate
