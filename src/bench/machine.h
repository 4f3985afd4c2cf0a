// What this machine's processor can do, for a roofline.
#pragma once

#include "analysis/roofline.h"

namespace ate {

// Measured now, in under a second: the best rate of a 1024 x 1024 x 1024 matrix product in fp32 and in
// bf16, and of a copy between arrays far larger than the caches (bytes read and written), with all usable
// cores.
Device measure_cpu();

}  // namespace ate
