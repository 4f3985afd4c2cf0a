// How good a model with sparse attention is next to its dense teacher, on the whole validation part.
#pragma once

#include "distil/result.h"
#include "distil/teacher.h"

namespace ate {

Score score(const Teacher& teacher, const Instance& model);

}  // namespace ate
