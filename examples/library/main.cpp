// What the library gives without LibTorch: a corpus with a known floor, statistics of paired differences, attention.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "data/source.h"
#include "kernels/cpu/kernels.h"
#include "study/anytime.h"

namespace {

// A Markov chain over tokens of Zipf frequencies: the loss of a model that guesses by frequency, and the floor.
void show_source() {
  ate::SourceConfig config;
  config.kind = ate::SourceKind("zipf_markov");
  config.vocabulary = 100;
  config.tokens = 20'000;
  const auto source = ate::open_source(config);
  const ate::Corpus corpus = source->corpus(/*seed=*/0);
  double by_frequency = 0;
  for (const int64_t count : corpus.counts(corpus.size())) {
    const double share = static_cast<double>(count) / static_cast<double>(corpus.size());
    by_frequency -= ate::p_log_p(share);
  }
  std::printf("source: %lld tokens, by frequency %.4f nats, floor %.4f nats\n",
              static_cast<long long>(corpus.size()), by_frequency, *source->entropy());
}

void show_statistics() {
  const std::vector<double> differences = {0.021, 0.013, 0.017, 0.009, 0.024, 0.011};
  const ate::Summary summary = ate::summarise(differences);
  const ate::Interval interval = ate::t_interval(summary, 0.95);
  std::printf("statistics: mean %.4f [%.4f, %.4f], p %.4f, sign-flip p %.4f, anytime p %.4f\n", summary.mean,
              interval.low, interval.high, ate::t_test_p(summary), ate::sign_flip_p(differences),
              ate::anytime_tests(differences, 0).back().p);
}

// One head over one window, each position reading itself and what is before it.
void show_attention() {
  const ate::kernels::AttentionShape shape{/*windows=*/1, /*length=*/32, /*heads=*/1, /*head_width=*/16,
                                           /*causal=*/true};
  const int64_t d = shape.width();
  std::vector<float> qkv(shape.length * 3 * d), bias(3 * d), out(shape.length * d), weights(shape.weights()),
      scratch(shape.scratch());
  for (size_t i = 0; i < qkv.size(); ++i) qkv[i] = std::sin(0.37F * static_cast<float>(i));
  const ate::kernels::KernelSet& best = ate::kernels::kernel_sets().front();
  best.fp32->attention(shape, qkv.data(), bias.data(), {}, weights.data(), out.data(), scratch.data());

  double largest = 0;  // difference to the definition, in double
  for (int64_t t = 0; t < shape.length; ++t) {
    const auto at = [&](int64_t row, int64_t part) { return qkv.data() + (row * 3 + part) * d; };
    std::vector<double> score(t + 1), mixed(d);
    double sum = 0;
    for (int64_t s = 0; s <= t; ++s) {
      for (int64_t i = 0; i < d; ++i) score[s] += double{at(t, 0)[i]} * double{at(s, 1)[i]};
      sum += score[s] = std::exp(score[s] / std::sqrt(static_cast<double>(d)));
    }
    for (int64_t s = 0; s <= t; ++s)
      for (int64_t i = 0; i < d; ++i) mixed[i] += score[s] / sum * double{at(s, 2)[i]};
    for (int64_t i = 0; i < d; ++i) largest = std::max(largest, std::abs(mixed[i] - double{out[t * d + i]}));
  }
  std::printf("attention: %s kernels, largest difference to the definition %.1e\n", best.name.c_str(),
              largest);
}

}  // namespace

int main() {
  show_source();
  show_statistics();
  show_attention();
}
