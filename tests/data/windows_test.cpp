#include "data/windows.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "helpers/examples.h"
#include "helpers/statistics.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kKey = {3, 0};

std::pair<int64_t, int64_t> ends(const WindowStarts& starts) {
  const auto [low, high] = std::minmax_element(starts.begin(), starts.end());
  return {*low, *high};
}

// Many training windows of one epoch.
WindowStarts many(const Config& config, const Corpus& corpus, int64_t steps) {
  WindowStarts all;
  for (int64_t step = 0; step < steps; ++step) {
    const WindowStarts starts = training_windows(config, corpus, kKey, 0, step);
    all.insert(all.end(), starts.begin(), starts.end());
  }
  return all;
}

}  // namespace

TEST_CASE("training windows lie with their targets in the training part, and reach both of its ends",
          "[data]") {
  const Config config = tiny_bag();  // 300 training tokens, windows of 6 and their target
  const Corpus corpus = make_corpus(config.source, 0);
  CHECK(ends(many(config, corpus, 3000)) == std::pair<int64_t, int64_t>{0, 293});
}

TEST_CASE("training windows are uniform over the training part", "[data]") {
  const Config config = tiny_bag();
  const Corpus corpus = make_corpus(config.source, 0);
  std::vector<double> counts(294);
  for (const int64_t start : many(config, corpus, 5000)) ++counts.at(static_cast<size_t>(start));
  CHECK(chi_square(counts, std::vector<double>(294, 20'000.0 / 294)) < chi_square_limit(293));
}

TEST_CASE("training windows are pure functions of key, epoch and step", "[data]") {
  const Config config = tiny_bag();
  const Corpus corpus = make_corpus(config.source, 0);
  const auto windows = [&](RandomKey key, int64_t epoch, int64_t step) {
    return training_windows(config, corpus, key, epoch, step);
  };
  CHECK(windows(kKey, 2, 1).size() == 4);
  CHECK(windows(kKey, 2, 1) == windows(kKey, 2, 1));
  const std::set<WindowStarts> all = {windows(kKey, 0, 0),   windows(kKey, 0, 1),   windows(kKey, 1, 0),
                                      windows(kKey, 1, 1),   windows({4, 0}, 0, 0), windows({3, 1}, 0, 0),
                                      windows({3, 2}, 0, 0), windows(kKey, 2, 0)};
  CHECK(all.size() == 8);
}

TEST_CASE("steps of an epoch continue one stream of draws", "[data]") {
  // So two steps of four windows are one step of eight: no draw is used twice, none is left out.
  Config config = tiny_bag();
  const Corpus corpus = make_corpus(config.source, 0);
  for (const int64_t batch : {4, 3}) {
    config.windows.batch = batch;
    const WindowStarts two_steps = many(config, corpus, 2);
    config.windows.batch = 2 * batch;
    CHECK(training_windows(config, corpus, kKey, 0, 0) == two_steps);
  }
}

TEST_CASE("the encoder's whole evaluation predicts every validation token once, as far as whole windows fit",
          "[data]") {
  Config config = tiny_encoder();
  for (const int64_t length : {1, 5, 6, 7, 11, 33, 99}) {
    CAPTURE(length);
    config.windows.length = length;
    const Corpus corpus = make_corpus(config.source, 0);
    std::vector<int> predicted(corpus.tokens.size());
    for (const int64_t start : evaluation_windows(config, corpus, kKey, 0))
      for (int64_t t = 1; t <= length; ++t) ++predicted.at(static_cast<size_t>(start + t));
    const auto begin = predicted.begin() + corpus.training + 1;
    const int64_t targets = static_cast<int64_t>(corpus.tokens.size()) - corpus.training - 1;
    const int64_t covered = targets / length * length;
    CHECK(std::all_of(predicted.begin(), begin, [](int n) { return n == 0; }));
    CHECK(std::all_of(begin, begin + covered, [](int n) { return n == 1; }));
    CHECK(std::all_of(begin + covered, predicted.end(), [](int n) { return n == 0; }));
  }
}

TEST_CASE("the bag's whole evaluation has every window of the validation part", "[data]") {
  const Config config = tiny_bag();
  const Corpus corpus = make_corpus(config.source, 0);
  WindowStarts expected;
  for (int64_t start = 300; start + 6 <= 399; ++start) expected.push_back(start);
  CHECK(evaluation_windows(config, corpus, kKey, 0) == expected);
  CHECK(evaluation_windows(config, corpus, {9, 9}, 7) == expected);  // nothing random about it
}

TEST_CASE("sampled evaluation draws its batches from the validation part, anew for each epoch", "[data]") {
  Config config = tiny_encoder();
  config.evaluation.windows = EvaluationWindows::sampled;
  config.evaluation.batches = 500;
  const Corpus corpus = make_corpus(config.source, 0);
  const WindowStarts starts = evaluation_windows(config, corpus, kKey, 0);
  CHECK(starts.size() == 2000);
  CHECK(ends(starts) == std::pair<int64_t, int64_t>{300, 393});
  CHECK(evaluation_windows(config, corpus, kKey, 0) == starts);
  CHECK(evaluation_windows(config, corpus, kKey, 1) != starts);
  CHECK(evaluation_windows(config, corpus, {3, 1}, 0) != starts);
}

TEST_CASE("evaluation does not draw the numbers of training", "[data]") {
  // With equal parts the same numbers would give the same places.
  Config config = tiny_encoder();
  config.source.train_share = 0.5;
  config.evaluation.windows = EvaluationWindows::sampled;
  config.evaluation.batches = 1;
  const Corpus corpus = make_corpus(config.source, 0);
  WindowStarts shifted = training_windows(config, corpus, kKey, 0, 0);
  for (int64_t& start : shifted) start += corpus.training;
  CHECK(evaluation_windows(config, corpus, kKey, 0) != shifted);
}

TEST_CASE("the tuning part leads the validation part, and the test has the rest", "[data]") {
  Config config = tiny_bag();  // 300 tokens to train on, 100 to validate
  const Corpus corpus = make_corpus(config.source, 0);
  const WindowStarts all = evaluation_windows(config, corpus, kKey, 0);
  config.evaluation.tune_share = 0.4;
  const WindowStarts test = evaluation_windows(config, corpus, kKey, 0);
  config.evaluation.part = EvaluationPart::tune;
  const WindowStarts tune = evaluation_windows(config, corpus, kKey, 0);
  CHECK(ends(all) == std::pair<int64_t, int64_t>{300, 393});
  CHECK(ends(tune) == std::pair<int64_t, int64_t>{300, 333});  // with their targets inside 300 to 339
  CHECK(ends(test) == std::pair<int64_t, int64_t>{340, 393});
  config.evaluation.windows = EvaluationWindows::sampled;
  config.evaluation.batches = 500;
  CHECK(ends(evaluation_windows(config, corpus, kKey, 0)) == std::pair<int64_t, int64_t>{300, 333});
  config.evaluation.part = EvaluationPart::test;
  CHECK(ends(evaluation_windows(config, corpus, kKey, 0)) == std::pair<int64_t, int64_t>{340, 393});
}

TEST_CASE("windows of a source that asks are its examples, none of which a cut divides", "[data]") {
  Config config = tiny_encoder();
  config.source = asking("mqar", 20, 8, 0, {{"pairs", int64_t{1}}});
  config.source.tokens = 8 * 50 + 3;  // 50 examples; 3/4 of the tokens cut the 38th
  config.source.train_share = 0.75;
  config.evaluation.tune_share = 0.5;
  config.windows.length = 8;
  const Corpus corpus = make_corpus(config.source, 0);
  REQUIRE(corpus.training == 302);
  std::set<int64_t> starts;
  for (const int64_t start : many(config, corpus, 200)) starts.insert(start);
  CHECK(starts.size() == 37);
  CHECK(*starts.rbegin() == 36 * 8);
  for (const int64_t start : starts) CHECK(start % 8 == 0);
  const auto evaluated = [&](EvaluationPart part) {
    config.evaluation.part = part;
    return evaluation_windows(config, corpus, kKey, 0);
  };
  CHECK(evaluated(EvaluationPart::tune) == WindowStarts{304, 312, 320, 328, 336, 344});
  CHECK(evaluated(EvaluationPart::test) == WindowStarts{352, 360, 368, 376, 384, 392});
  config.evaluation.windows = EvaluationWindows::sampled;
  config.evaluation.batches = 100;
  std::set<int64_t> sampled;
  for (const int64_t start : evaluated(EvaluationPart::test)) sampled.insert(start);
  CHECK(sampled == std::set<int64_t>{352, 360, 368, 376, 384, 392});
}
