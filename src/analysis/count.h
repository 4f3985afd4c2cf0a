// Exact whole numbers of any size: what a model costs passes 2^63 at lengths that people ask about (GPT-4's
// guessed shape at ten million tokens takes 3,145,728,000,000,000,000,000 multiply-accumulates).
#pragma once

#include <boost/multiprecision/cpp_int.hpp>

namespace ate {

// Operations or bytes. count.str() gives its decimal digits.
using Count =
    boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>, boost::multiprecision::et_off>;

inline double to_double(const Count& count) { return count.convert_to<double>(); }

// a / b, each rounded to a double first: right to 15 digits, whatever their size. b must not be 0.
inline double ratio(const Count& a, const Count& b) { return to_double(a) / to_double(b); }

}  // namespace ate
