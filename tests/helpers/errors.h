// What a call complained about, as text, so that a failing CHECK shows it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/error.h"

namespace ate::testing {

// The problems that `call` throws as an E, one text each; empty when it throws nothing. Other exceptions
// pass.
template <class E, class Call>
std::vector<std::string> problems_of(Call&& call) {
  std::vector<std::string> texts;
  try {
    std::forward<Call>(call)();
  } catch (const E& error) {
    for (const Problem& problem : error.problems()) texts.push_back(problem.text());
  }
  return texts;
}

// The same in one text, a problem per line.
template <class E, class Call>
std::string complaint_of(Call&& call) {
  std::string lines;
  for (const std::string& text : problems_of<E>(std::forward<Call>(call)))
    lines += (lines.empty() ? "" : "\n") + text;
  return lines;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ate::testing
