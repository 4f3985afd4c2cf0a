#include "train/device.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/libtorch.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("the CPU is always there", "[train]") { CHECK(choose_device("cpu").is_cpu()); }

// Other libraries of the program must not write over LibTorch's flags (data/sentencepiece.cpp).
TEST_CASE("memory that is not there is an exception, not the end of the program", "[train]") {
  CHECK_THROWS_AS(at::empty({int64_t{1} << 45}), c10::Error);
}

TEST_CASE("auto is a device that is there", "[train]") {
  CHECK_NOTHROW(choose_device(choose_device("auto").str()));
}

TEST_CASE("a device that is not there is refused with those that are", "[train]") {
  const std::string text = complaint_of<BadInput>([] { choose_device("cuda:99"); });
  CHECK(contains(text, "/device: \"cuda:99\" is not available"));
  CHECK(contains(text, "cpu"));
}
