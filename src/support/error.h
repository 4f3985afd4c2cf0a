// Errors carry an address (a file, a JSON path, a flag) and say what would be right. Code throws them; only
// main turns them into text and an exit code.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace ate {

// Exit codes that scripts rely on.
enum class ExitCode {
  done = 0,
  failed = 1,
  bad_input = 2,
  some_trials_failed = 3,
  hung_up = 129,
  interrupted = 130,
  terminated = 143
};

// One thing that is wrong. `where` is an address such as "configs/my.json: /windows/length" or "--seeds".
struct Problem {
  std::string where;
  std::string what;
  std::string text() const { return where.empty() ? what : where + ": " + what; }
};

// Base of the errors that ate reports itself: each problem becomes one line on stderr.
class Error : public std::exception {
 public:
  Error(ExitCode code, std::vector<Problem> problems);
  ExitCode code() const { return code_; }
  const std::vector<Problem>& problems() const { return problems_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  ExitCode code_;
  std::vector<Problem> problems_;
  std::string text_;
};

// The user asked for something that cannot be: a bad flag, config or input file. Nothing has been written.
class BadInput : public Error {
 public:
  explicit BadInput(std::vector<Problem> problems) : Error(ExitCode::bad_input, std::move(problems)) {}
  BadInput(std::string where, std::string what) : BadInput({Problem{std::move(where), std::move(what)}}) {}
};

// Something failed while running: the disk is full, a file is damaged, another process holds the run.
class Failure : public Error {
 public:
  Failure(std::string where, std::string what)
      : Error(ExitCode::failed, {Problem{std::move(where), std::move(what)}}) {}
};

// A signal asked the process to stop; what was trained is saved, and `what` says how to go on.
class Interrupted : public Error {
 public:
  Interrupted(ExitCode code, std::string what)
      : Error(code, {Problem{"", "interrupted; " + std::move(what)}}) {}
};

}  // namespace ate
