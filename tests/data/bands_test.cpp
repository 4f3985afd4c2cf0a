#include "data/bands.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/statistics.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Tokens = std::vector<int32_t>;

// A training part with counts[t] occurrences of token t, and a validation part.
Corpus corpus_of(const std::vector<int>& counts, const Tokens& validation = {}) {
  Corpus corpus;
  corpus.vocabulary = static_cast<int64_t>(counts.size());
  for (size_t token = 0; token < counts.size(); ++token)
    corpus.tokens.insert(corpus.tokens.end(), static_cast<size_t>(counts[token]),
                         static_cast<int32_t>(token));
  corpus.training = static_cast<int64_t>(corpus.tokens.size());
  corpus.tokens.insert(corpus.tokens.end(), validation.begin(), validation.end());
  return corpus;
}

BandsConfig rule(BandRule rule, double high, double low, Unseen unseen = Unseen::low) {
  BandsConfig config;
  config.rule = rule;
  config.high = high;
  config.low = low;
  config.unseen = unseen;
  return config;
}

void check_bands(const Bands& bands, const Tokens& high, const Tokens& mid, const Tokens& low,
                 const Tokens& none = {}) {
  CHECK(bands.of(Band::high) == high);
  CHECK(bands.of(Band::mid) == mid);
  CHECK(bands.of(Band::low) == low);
  CHECK(bands.of(Band::none) == none);
}

std::string complaint(const BandsConfig& config, const Corpus& corpus) {
  return complaint_of<BadInput>([&] { make_bands(config, corpus); });
}

}  // namespace

TEST_CASE("bands by count take the most and the least frequent tokens", "[data]") {
  check_bands(make_bands(rule(BandRule::rank_count, 2, 1), corpus_of({1, 9, 3, 7, 5})), {1, 3}, {4, 2}, {0});
}

TEST_CASE("equally frequent tokens are ranked by their id", "[data]") {
  check_bands(make_bands(rule(BandRule::rank_count, 2, 2), corpus_of({2, 2, 5, 2, 2, 2})), {2, 0}, {1, 3},
              {4, 5});
}

TEST_CASE("bands by share of the ranked tokens are rounded down", "[data]") {
  // 10 tokens: .29 is 2 of them, .35 is 3.
  check_bands(make_bands(rule(BandRule::rank_share, 0.29, 0.35), corpus_of({10, 9, 8, 7, 6, 5, 4, 3, 2, 1})),
              {0, 1}, {2, 3, 4, 5, 6}, {7, 8, 9});
}

TEST_CASE("a share that is a whole number of tokens in people's arithmetic is that number", "[data]") {
  // .29 of 100 is 28.999999999999996 in binary.
  const Bands bands = make_bands(rule(BandRule::rank_share, 0.29, 0.1), corpus_of(std::vector<int>(100, 1)));
  CHECK(bands.of(Band::high).size() == 29);
  CHECK(bands.of(Band::low).size() == 10);
}

TEST_CASE("bands by share of the occurrences look at the tokens before each", "[data]") {
  // Shares before each token: 0, .5, .75, .9: high below .6, mid below .85.
  check_bands(make_bands(rule(BandRule::cumulative_share, 0.6, 0.15), corpus_of({50, 25, 15, 10})), {0, 1},
              {2}, {3});
}

TEST_CASE("a share that stands exactly on the border belongs below it", "[data]") {
  // Shares before each token: 0, .5, .75: .5 is not below .5, and .75 not below 1 - .25.
  check_bands(make_bands(rule(BandRule::cumulative_share, 0.5, 0.25), corpus_of({2, 1, 1})), {0}, {1}, {2});
}

TEST_CASE("unseen tokens are all low by default, and only they or further ones", "[data]") {
  const Corpus corpus = corpus_of({5, 0, 4, 0, 3});
  check_bands(make_bands(rule(BandRule::rank_count, 1, 1), corpus), {0}, {2, 4}, {1, 3});
  check_bands(make_bands(rule(BandRule::rank_count, 1, 3), corpus), {0}, {2}, {4, 1, 3});
  // Ranked last, they count among the tokens whose shares are taken: .4 of 5 is 2.
  check_bands(make_bands(rule(BandRule::rank_share, 0.2, 0.4), corpus), {0}, {2, 4}, {1, 3});
}

TEST_CASE("no unseen token is high or mid by default, however large these bands are", "[data]") {
  const Corpus corpus = corpus_of({5, 0, 4, 0, 3});
  check_bands(make_bands(rule(BandRule::cumulative_share, 0.4, 0), corpus), {0}, {2, 4}, {1, 3});
  CHECK(contains(complaint(rule(BandRule::rank_count, 4, 1), corpus), "the mid band has no token"));
}

TEST_CASE("unseen tokens can be mid, after those that occur", "[data]") {
  check_bands(make_bands(rule(BandRule::rank_count, 1, 1, Unseen::mid), corpus_of({5, 0, 4, 0, 3})), {0},
              {2, 1, 3}, {4});
  // The ranking holds the tokens that occur: half of 4 is 2, not 3.
  check_bands(make_bands(rule(BandRule::rank_share, 0.5, 0.25, Unseen::mid), corpus_of({4, 3, 2, 1, 0, 0})),
              {0, 1}, {2, 4, 5}, {3});
}

TEST_CASE("unseen tokens can stand outside all bands", "[data]") {
  check_bands(make_bands(rule(BandRule::rank_count, 1, 1, Unseen::noise), corpus_of({5, 0, 4, 0, 3})), {0},
              {2}, {4}, {1, 3});
  CHECK(make_bands(rule(BandRule::rank_count, 1, 1, Unseen::noise), corpus_of({3, 2, 1}))
            .of(Band::none)
            .empty());
}

TEST_CASE("counts come from the training part, or from the whole corpus as published", "[data]") {
  const Corpus corpus = corpus_of({3, 2, 1}, {2, 2, 2, 1});
  BandsConfig config = rule(BandRule::rank_count, 1, 1);
  check_bands(make_bands(config, corpus), {0}, {1}, {2});
  config.counted_over = CountedOver::corpus;
  check_bands(make_bands(config, corpus), {2}, {0}, {1});
}

TEST_CASE("every token is in one band", "[data]") {
  const Corpus corpus = make_corpus(SourceConfig{SourceKind::zipf_iid, 500, 1.3, 3000, 0.85}, 0);
  for (const BandRule kind : {BandRule::rank_count, BandRule::rank_share, BandRule::cumulative_share})
    for (const Unseen unseen : {Unseen::low, Unseen::mid, Unseen::noise}) {
      const double unit = kind == BandRule::rank_count ? 100 : 1;
      const Bands bands = make_bands(rule(kind, 0.3 * unit, 0.2 * unit, unseen), corpus);
      std::vector<int> times(500);
      for (const Tokens& members : bands.members)
        for (const int32_t token : members) ++times.at(static_cast<size_t>(token));
      CHECK(times == std::vector<int>(500, 1));
    }
}

TEST_CASE("bands keep the whole ranking with its counts", "[data]") {
  for (const Unseen unseen : {Unseen::low, Unseen::mid, Unseen::noise}) {
    const Bands bands = make_bands(rule(BandRule::rank_count, 1, 1, unseen), corpus_of({5, 0, 4, 0, 9}));
    CHECK(bands.ranked == Tokens{4, 0, 2, 1, 3});
    CHECK(bands.counts == std::vector<int64_t>{9, 5, 4, 0, 0});
  }
}

TEST_CASE("dealt at random, bands keep their sizes and the tokens outside", "[data]") {
  const Corpus corpus = corpus_of({9, 8, 7, 6, 5, 4, 3, 2, 0, 0});
  const Bands bands = make_bands(rule(BandRule::rank_count, 2, 3, Unseen::noise), corpus);
  const Bands dealt = deal_at_random(bands, {1, 0});
  std::vector<int> times(10);
  for (size_t band = 0; band < 4; ++band) {
    CHECK(dealt.members[band].size() == bands.members[band].size());
    for (const int32_t token : dealt.members[band]) ++times.at(static_cast<size_t>(token));
  }
  CHECK(times == std::vector<int>(10, 1));
  CHECK(dealt.of(Band::none) == bands.of(Band::none));
  CHECK(dealt.of(Band::high) != bands.of(Band::high));
}

TEST_CASE("a deal is a pure function of its key, and every token can come to every place", "[data]") {
  const Bands bands = make_bands(rule(BandRule::rank_count, 2, 3), corpus_of({9, 8, 7, 6, 5, 4, 3, 2}));
  CHECK(deal_at_random(bands, {1, 0}).members == deal_at_random(bands, {1, 0}).members);
  std::vector<double> counts(8 * 8);
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    const Bands dealt = deal_at_random(bands, {seed, 0});
    size_t place = 0;
    for (const Tokens& members : dealt.members)
      for (const int32_t token : members) ++counts[place++ * 8 + static_cast<size_t>(token)];
  }
  // 64 counts with 7 x 7 degrees of freedom, scaled by 7/8 for a table of permutations.
  CHECK(chi_square(counts, std::vector<double>(64, 500)) * 7 / 8 < chi_square_limit(49));
}

TEST_CASE("an empty band is refused with its name, the sizes, and the setting to change", "[data]") {
  const Corpus corpus = corpus_of({3, 2, 1, 0});
  const std::string high = complaint(rule(BandRule::rank_count, 0, 1), corpus);
  CHECK(contains(
      high, "/bands/high: the high band has no token (high 0, mid 3, low 1 of 4 tokens, 3 of them seen)"));
  CHECK(contains(complaint(rule(BandRule::rank_count, 3, 1), corpus),
                 "/bands/high: the mid band has no token"));
  CHECK(contains(complaint(rule(BandRule::rank_count, 1, 0), corpus_of({2, 1})), "/bands/low: the low band"));
  CHECK(contains(complaint(rule(BandRule::rank_share, 0.1, 0.5), corpus), "the high band has no token"));
}

TEST_CASE("bands that ask for more tokens than there are take all, the high one first, where that is allowed",
          "[data]") {
  const Corpus corpus = corpus_of({5, 4, 3});
  const auto sizes = [&](BandRule kind, double high, double low) {
    const Bands bands = make_bands(rule(kind, high, low), corpus, EmptyBands::allowed);
    return std::vector<size_t>{bands.members[0].size(), bands.members[1].size(), bands.members[2].size()};
  };
  CHECK(sizes(BandRule::rank_count, 20, 50) == std::vector<size_t>{3, 0, 0});
  CHECK(sizes(BandRule::rank_count, 1, 50) == std::vector<size_t>{1, 0, 2});
  CHECK(sizes(BandRule::rank_count, 1e300, 1e300) == std::vector<size_t>{3, 0, 0});
  CHECK(sizes(BandRule::rank_share, 1e300, 0.5) == std::vector<size_t>{3, 0, 0});
  CHECK(sizes(BandRule::cumulative_share, 7, 7) == std::vector<size_t>{3, 0, 0});
}
