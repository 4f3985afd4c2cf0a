// Catch2, version 2 or 3. Tests use what both have: TEST_CASE, SECTION, CHECK, REQUIRE, INFO, CAPTURE,
// GENERATE.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
