#include "support/error.h"

namespace ate {

Error::Error(ExitCode code, std::vector<Problem> problems) : code_(code), problems_(std::move(problems)) {
  for (const Problem& problem : problems_) {
    if (!text_.empty()) text_ += '\n';
    text_ += problem.text();
  }
}

}  // namespace ate
