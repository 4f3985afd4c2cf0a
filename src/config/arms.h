// Which settings an arm's embedding reads.
#pragma once

#include <vector>

#include "config/config.h"

namespace ate {

struct ArmSettings {
  bool ranking = false;  // bands.counted_over and unseen: how often each token occurs
  bool bands = false;    // all of bands: the cut into high, mid and low
  bool high = false;     // embedding.high
  bool mid_low = false;  // embedding.mid and low
  bool rank = false;     // embedding.rank
};
ArmSettings settings_read_by(Arm arm);

// What any of them reads.
ArmSettings settings_read_by(const std::vector<Arm>& arms);

}  // namespace ate
