// What kinds of attention read and lose: the share of the keys that a query reads, the attention on them, how far its output
// is from that over all keys, and what is promised of that. On random numbers of a stated law, or on the queries, keys and
// values of a trained model. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/shape.h"
#include "config/trial.h"
#include "report/table.h"

namespace ate {

inline constexpr int64_t kLongestQuality = 4096;  // T: arrays of T x T numbers are kept

struct QualityOptions {
  double epsilon = 0.01;  // largest share of the attention that may be on keys not read
  std::string law;        // of random numbers; "": each (bench/laws.h)
  int fit_steps = 200;    // of a selector that learns, on other inputs of the same law
};

// Of one kind, over all queries of all heads. o: attention over all keys, o': over those that are read.
struct Quality {
  std::string inputs;  // "clustered", "layer 1"
  std::string kind;
  Shape shape;
  int64_t block = 0;  // keys of a block; 0: the kind has none
  int64_t queries = 0;
  double read = 0, read_p95 = 0;  // share of the keys that a query may read
  double mass = 0;                // mean share of the attention on keys read
  double above = 0;               // share of the queries that skip more than epsilon of their attention
  double skipped_p95 = 0, skipped_most = 0;  // share of the attention on keys not read
  double error = 0, error_most = 0;          // |o - o'| / the largest |v| that the query may read
  double bound = 0, bound_most = 0;  // of that error, as the kind promises it; NaN: it promises nothing
};

// On random numbers; T at most kLongestQuality.
std::vector<Quality> law_qualities(const Shape& shape, const QualityOptions& options);

// On validation windows of a trained model, layer by layer, of which all heads count, with so many keys; all kinds choose on
// the model's own queries and keys. Throws BadInput naming `flag` for a file that is no checkpoint of an encoder.
std::vector<Quality> model_qualities(const std::string& flag, const std::filesystem::path& file,
                                     const std::vector<int64_t>& keys, const QualityOptions& options);

Report quality_report(const std::vector<Quality>& qualities, const QualityOptions& options);

}  // namespace ate
