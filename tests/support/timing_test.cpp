#include "support/timing.h"

#include <cmath>

#include "catch.h"

using ate::median;

TEST_CASE("the median is the middle number, or half way between the two middle ones", "[support]") {
  CHECK(median({3}) == 3);
  CHECK(median({9, 1, 5}) == 5);
  CHECK(median({9, 1, 5, 2}) == 3.5);
  CHECK(median({2, 2, 2, 100}) == 2);
  CHECK(std::isnan(median({})));
}
