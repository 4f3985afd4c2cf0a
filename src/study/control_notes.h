// What a study's controls and its learning curves say about the study itself, a sentence or two each. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

// Whether aa came out no different and known_worse worse, as they must in a study that can tell; and what the placebo
// random_band leaves of bespoke's difference. Nothing of arms that the study does not have.
std::vector<std::string> describe_controls(const StudyResult& result);

// When the baseline was better at an earlier evaluation than at the last one, by more than the margin: then the arms are
// compared by how far they overfit.
std::optional<std::string> describe_overfitting(const StudyResult& result);

}  // namespace ate
