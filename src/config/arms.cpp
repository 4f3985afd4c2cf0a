#include "config/arms.h"

namespace ate {

ArmSettings settings_read_by(Arm arm) {
  switch (arm) {
    case Arm::standard:
    case Arm::tied:
    case Arm::aa:
    case Arm::known_worse:
      return {};
    case Arm::bespoke:
    case Arm::reversed:
    case Arm::random_band:
    case Arm::param_matched:
      return {.ranking = true, .bands = true, .high = true, .mid_low = true};
    case Arm::adaptive:  // its widths are fixed fractions of the model's
      return {.ranking = true, .bands = true};
    case Arm::mixed_dim:
      return {.ranking = true, .high = true};
    case Arm::uniform_projected:
      return {.high = true};
    case Arm::factorised:
      return {.rank = true};
  }
  return {};
}

ArmSettings settings_read_by(const std::vector<Arm>& arms) {
  ArmSettings any;
  for (const Arm arm : arms) {
    const ArmSettings one = settings_read_by(arm);
    any.ranking |= one.ranking;
    any.bands |= one.bands;
    any.high |= one.high;
    any.mid_low |= one.mid_low;
    any.rank |= one.rank;
  }
  return any;
}

}  // namespace ate
