// Flags that give an analysis its shapes: one for each setting of analysis/request.h, and --config.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <string>
#include <vector>

#include "analysis/request.h"

namespace ate {

class AnalysisFlags {
 public:
  // `settings`: those that the command reads, all when empty; the others are refused in the file too.
  void add_to(CLI::App& command, const std::vector<std::string>& settings = {});

  // `settings`, above them the file's, and above those the flags'. Throws BadInput with every problem.
  AnalysisRequest request(std::vector<Setting> settings = {}) const;
  // The flags that were typed, each as "--name".
  std::vector<std::string> typed() const;

 private:
  struct Flag {
    std::string name;     // "--head-size"
    std::string setting;  // "head_size"
    std::string value;    // as typed
    CLI::Option* option = nullptr;
  };

  std::string file_;
  CLI::Option* config_ = nullptr;
  std::deque<Flag> flags_;  // CLI11 keeps references to the values
};

}  // namespace ate
