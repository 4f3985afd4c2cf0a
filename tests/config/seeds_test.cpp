#include "config/seeds.h"

#include "catch.h"

using namespace ate;

namespace {

struct Parsed {
  SeedList seeds;
  std::string problem;
};

Parsed parse(const std::string& text) {
  Parsed parsed;
  parsed.seeds = parse_seeds(text, parsed.problem);
  return parsed;
}

}  // namespace

TEST_CASE("seeds are numbers, ranges with both ends, or a mixture, in the order given", "[config]") {
  CHECK(parse("0..9").seeds == SeedList{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(parse("0,3,7").seeds == SeedList{0, 3, 7});
  CHECK(parse("7,1..3,0").seeds == SeedList{7, 1, 2, 3, 0});
  CHECK(parse("5").seeds == SeedList{5});
  CHECK(parse("5..5").seeds == SeedList{5});
  CHECK(parse("4294967295").seeds == SeedList{4294967295});
  CHECK(parse("0..9").problem.empty());
}

TEST_CASE("what is no list of seeds is refused with the part that is wrong", "[config]") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "\"\" is neither a seed nor a range of seeds"},
      {"a", "\"a\" is neither a seed nor a range of seeds"},
      {"1,,2", "\"\" is neither"},
      {"1,2,", "\"\" is neither"},
      {"1 ", "\"1 \" is neither"},
      {"1.5", "\"1.5\" is neither"},
      {"0..", "\"0..\" is neither"},
      {"..3", "\"..3\" is neither"},
      {"0..1..2", "\"0..1..2\" is neither"},
      {"9..0", "the range 9..0 runs backwards"},
      {"99999999999999999999", "is neither"},
      {"4294967296", "seed 4294967296 is outside 0 to 4294967295"},
      {"0..1000000", "with 0..1000000 there are over 1000000 seeds"},
      {"0..999999,1000000..1999999", "with 1000000..1999999 there are over 1000000 seeds"},
      {"-9223372036854775808..9223372036854775807", "seed -9223372036854775808 is outside 0 to"},
      {"0..9223372036854775807", "seed 9223372036854775807 is outside 0 to"},
      {"1,2,1", "seed 1 is listed twice"},
      {"0..4,2", "seed 2 is listed twice"},
  };
  for (const auto& [text, problem] : cases) {
    const Parsed parsed = parse(text);
    CAPTURE(text, parsed.problem);
    CHECK(parsed.seeds.empty());
    CHECK(parsed.problem.find(problem) != std::string::npos);
  }
}

TEST_CASE("negative seeds are refused", "[config]") {
  CHECK(parse("-1").seeds.empty());
  CHECK(!parse("-1").problem.empty());
  CHECK(!seeds_problem({-1}).empty());
  CHECK(!seeds_problem({}).empty());
  CHECK(seeds_problem({0, 4294967295}).empty());
}

TEST_CASE("seeds are written with runs of three or more as ranges", "[config]") {
  CHECK(format_seeds({0, 1, 2, 3}) == "0..3");
  CHECK(format_seeds({0, 1}) == "0,1");
  CHECK(format_seeds({0, 1, 2}) == "0..2");
  CHECK(format_seeds({5, 3, 4, 5 + 1, 7, 8}) == "5,3,4,6..8");
  CHECK(format_seeds({3, 2, 1}) == "3,2,1");
  CHECK(format_seeds({9}) == "9");
}

TEST_CASE("written seeds are read back the same", "[config]") {
  for (const SeedList& seeds :
       {SeedList{0}, SeedList{3, 1, 2}, SeedList{1, 2, 3, 9, 10, 4294967295}, SeedList{7, 8}})
    CHECK(parse(format_seeds(seeds)).seeds == seeds);
}
