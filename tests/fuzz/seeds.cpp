#include "config/seeds.h"

#include "fuzz/reader.h"

namespace ate::fuzz {

void read_seed_list(std::string_view bytes) {
  std::string problem;
  const SeedList seeds = parse_seeds(std::string(bytes), problem);
  require(seeds.empty() == !problem.empty(), "a list of seeds is refused without a word, or taken with one");
  if (!seeds.empty())
    require(parse_seeds(format_seeds(seeds), problem) == seeds, "seeds that were written are read as others");
}

}  // namespace ate::fuzz
