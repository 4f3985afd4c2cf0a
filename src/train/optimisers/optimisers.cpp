// The optimisers. A new one is a file of this folder and two lines here.
#include "config/kinds.h"

namespace ate {

extern const OptimiserDescription adam_optimiser, adamw_optimiser, sgd_optimiser, muon_optimiser;

template <>
std::vector<const OptimiserDescription*>& registered() {
  static std::vector<const OptimiserDescription*> kinds = {&adam_optimiser, &adamw_optimiser, &sgd_optimiser,
                                                           &muon_optimiser};
  return kinds;
}

constinit const OptimiserKind OptimiserKind::adam(adam_optimiser);
constinit const OptimiserKind OptimiserKind::adamw(adamw_optimiser);
constinit const OptimiserKind OptimiserKind::sgd(sgd_optimiser);
constinit const OptimiserKind OptimiserKind::muon(muon_optimiser);

}  // namespace ate
