// The arms: kinds of embedding. A new one is a file of this folder, or an entry of one, and two lines here.
#include "config/kinds.h"

namespace ate {

extern const ArmDescription standard_arm, tied_arm, bespoke_arm, reversed_arm, random_band_arm,
    uniform_projected_arm, param_matched_arm, factorised_arm, mixed_dim_arm, adaptive_arm, aa_arm,
    known_worse_arm;

template <>
std::vector<const ArmDescription*>& registered() {
  static std::vector<const ArmDescription*> arms = {
      &standard_arm,      &tied_arm,        &bespoke_arm,
      &reversed_arm,      &random_band_arm, &uniform_projected_arm,
      &param_matched_arm, &factorised_arm,  &mixed_dim_arm,
      &adaptive_arm,      &aa_arm,          &known_worse_arm};
  return arms;
}

constinit const Arm Arm::standard(standard_arm);
constinit const Arm Arm::bespoke(bespoke_arm);
constinit const Arm Arm::random_band(random_band_arm);
constinit const Arm Arm::tied(tied_arm);
constinit const Arm Arm::aa(aa_arm);
constinit const Arm Arm::known_worse(known_worse_arm);

ArmSettings settings_read_by(const std::vector<Arm>& arms) {
  ArmSettings read;
  for (const Arm& arm : arms) {
    read.ranking |= arm->reads.ranking;
    read.bands |= arm->reads.bands;
    read.high |= arm->reads.high;
    read.mid_low |= arm->reads.mid_low;
    read.rank |= arm->reads.rank;
  }
  return read;
}

}  // namespace ate
