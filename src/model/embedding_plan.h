// What tables an arm's embedding has, and where each token's row is. Plain data: no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "data/bands.h"

namespace ate {

// One table of an embedding, and its projection to the model's width when the two widths differ.
struct EmbeddingBlock {
  std::string name;  // of its tensors: "<name>.weight", "<name>.projection.weight", "<name>.projection.bias"
  int64_t rows = 0;
  int64_t width = 0;
  bool projected = false;
  bool bias = false;
  // Rows that a token can reach, in the order of row_of; empty: all of them, in order.
  std::vector<int64_t> live;
  // The token of each row, from which the row's start is drawn; empty: row i is token i.
  std::vector<int64_t> tokens;
  int64_t live_rows() const { return live.empty() ? rows : static_cast<int64_t>(live.size()); }
};

// The live rows of all blocks, projected and stacked, then `noise_rows` fixed random rows, are one matrix of
// width d; token t is its row row_of[t].
struct EmbeddingPlan {
  std::vector<EmbeddingBlock> blocks;
  int64_t noise_rows = 0;
  std::vector<int64_t> row_of;  // empty: token t is row t
  bool tied = false;            // the one block's table is the head's weight too
};

// The plan of an arm for a trial: with the bands of its corpus, dealt at random from its seed for the placebo. Throws
// BadInput for /study/arms when the arm cannot be built for this shape. Each kind of embedding is in a file of
// model/embeddings/.
EmbeddingPlan plan_embedding(const Config& study, const Arm& arm, const Corpus& corpus, int64_t seed);
// The same with these bands, which may be empty for arms that read none.
EmbeddingPlan plan_embedding(const Config& study, const Arm& arm, const Bands& bands);

// Parts of embeddings.

// One table for all tokens, projected where its width is not the model's.
EmbeddingPlan one_table(const Config& config, int64_t width);

struct TokenGroup {
  std::string name;
  std::vector<int32_t> tokens;
  int64_t width = 0;
};
// The ranked tokens in `most` runs, each of about the same number of occurrences, named block0, block1, ... A token so
// frequent that it fills several shares leaves runs empty, which are left out.
std::vector<TokenGroup> blocks_of_equal_occurrence(const Bands& bands, size_t most);
// A table per group of tokens; tokens of `outside` have fixed noise rows. With `tables` = vocabulary a table has V rows,
// of which the group's own are live.
EmbeddingPlan table_per_group(const Config& config, const std::vector<TokenGroup>& groups,
                              const std::vector<int32_t>& outside, bool project_all);

BadInput cannot_build(const char* arm, const std::string& why);

}  // namespace ate
