// Runs the tests. One thread for LibTorch, as in a study: sums do not depend on the machine's cores. No log.
#define CATCH_CONFIG_RUNNER
#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include "catch.h"

int main(int argc, char** argv) {
  at::set_num_threads(1);
  spdlog::set_level(spdlog::level::off);
  return Catch::Session().run(argc, argv);
}
