#include "support/error.h"

#include <cstring>

#include "catch.h"

using namespace ate;

TEST_CASE("a problem reads as its address and what is wrong", "[support]") {
  CHECK(Problem{"--seeds", "no seed given"}.text() == "--seeds: no seed given");
  CHECK(Problem{"", "out of memory"}.text() == "out of memory");
}

TEST_CASE("an error lists all its problems in order, a line each", "[support]") {
  const std::vector<Problem> problems = {{"a.json: /x", "unknown key"}, {"--seeds", "no seed given"}};
  const BadInput error(problems);
  CHECK(std::string(error.what()) == "a.json: /x: unknown key\n--seeds: no seed given");
  REQUIRE(error.problems().size() == 2);
  CHECK(error.problems()[1].where == "--seeds");
}

TEST_CASE("errors carry the exit code that scripts rely on", "[support]") {
  CHECK(BadInput("a", "b").code() == ExitCode::bad_input);
  CHECK(Failure("a", "b").code() == ExitCode::failed);
  CHECK(static_cast<int>(ExitCode::done) == 0);
  CHECK(static_cast<int>(ExitCode::failed) == 1);
  CHECK(static_cast<int>(ExitCode::bad_input) == 2);
  CHECK(static_cast<int>(ExitCode::some_trials_failed) == 3);
  CHECK(static_cast<int>(ExitCode::interrupted) == 130);
  CHECK(static_cast<int>(ExitCode::terminated) == 143);
}
