#include "run/console.h"

#include "catch.h"

using namespace ate;

namespace {

const std::vector<LivePart> kTrial = {{"standard-s0 epoch 3/9", 0},
                                      {"train 3.1 nats", 2},
                                      {"floor 2.9", 3},
                                      {"120 steps/s", 4},
                                      {"5m left", 1}};

}  // namespace

TEST_CASE("a live line has all its parts where they fit", "[run]") {
  CHECK(fitted_line(kTrial, 200) == "standard-s0 epoch 3/9  train 3.1 nats  floor 2.9  120 steps/s  5m left");
  CHECK(fitted_line(kTrial, 70) == fitted_line(kTrial, 200));
}

TEST_CASE("a narrow live line loses what matters least, and keeps the time left", "[run]") {
  CHECK(fitted_line(kTrial, 69) == "standard-s0 epoch 3/9  train 3.1 nats  floor 2.9  5m left");
  CHECK(fitted_line(kTrial, 50) == "standard-s0 epoch 3/9  train 3.1 nats  5m left");
  CHECK(fitted_line(kTrial, 40) == "standard-s0 epoch 3/9  5m left");
  CHECK(fitted_line(kTrial, 25) == "standard-s0 epoch 3/9");
  CHECK(fitted_line(kTrial, 8) == "standard");
}

TEST_CASE("of equal parts the last goes first", "[run]") {
  CHECK(fitted_line({{"a", 0}, {"b", 1}, {"c", 1}}, 4) == "a  b");
}

TEST_CASE("a live line is cut between characters", "[run]") {
  CHECK(fitted_line({{"caf\xC3\xA9s"}}, 4) == "caf\xC3\xA9");
}
