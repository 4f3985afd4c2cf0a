#include "bench/child.h"

#include <csignal>

#include "catch.h"
#include "helpers/errors.h"

using namespace ate;

TEST_CASE("a child's exit code comes back, and what it took", "[bench]") {
  Child child("sh", {"-c", "exit 7"});
  const ChildTimes times = child.wait(60);
  CHECK(times.exit_code == 7);
  CHECK(times.wall_seconds > 0);
  CHECK(times.cpu_seconds >= 0);
  CHECK(!child.running());
}

TEST_CASE("a child that would run on ends by a signal, or when its time is over", "[bench]") {
  Child asked("sleep", {"600"});
  CHECK(asked.running());
  asked.signal(SIGTERM);
  CHECK(asked.wait(60).exit_code == -1);
  Child hangs("sleep", {"600"});
  CHECK(hangs.wait(0.05).exit_code == -1);
}

TEST_CASE("a program that is not there is a failure that names it", "[bench]") {
  const std::string complaint =
      testing::complaint_of<Failure>([] { Child("no-such-program-here", {}).wait(60); });
  CHECK(testing::contains(complaint, "no-such-program-here: cannot be started"));
}
