// How parameters are shared out over blocks of tokens: by what pruning keeps of an over-wide model, at random, and alike.
// Plain numbers: no LibTorch.
#pragma once

#include <cstdint>
#include <vector>

namespace ate {

// A block of tokens in an over-wide model.
struct BlockSpectrum {
  int64_t tokens = 0;
  double share = 0;  // of all occurrences in training
  // Squared singular values of its rows at the model's width, each row weighed by the square root of its token's share of
  // the occurrences, the largest first: what a table of r columns loses is the sum of all but the first r (Eckart & Young
  // 1936).
  std::vector<double> energies;
};

// What a column of a block's table takes: a number for each token, and one for each of the model's d in the projection.
inline int64_t column_cost(int64_t tokens, int64_t model_width) { return tokens + model_width; }

// The most that a block's widths can come to, whatever the budget: its rank.
int64_t widest(int64_t tokens, int64_t model_width);

// The parameters of columns of these widths.
int64_t parameters_of(const std::vector<int64_t>& widths, const std::vector<int64_t>& tokens,
                      int64_t model_width);

// Widths within `budget` parameters: one column for each block, then the columns that keep most energy per parameter, as
// long as they fit (magnitude pruning from the other end). Throws std::invalid_argument where the budget is too small for one
// column each.
std::vector<int64_t> prune(const std::vector<BlockSpectrum>& blocks, int64_t model_width, int64_t budget);

// Widths within the same budget whose shares are uniform over all ways to share (a flat Dirichlet law); what a block
// cannot use goes to the others. Depends on (blocks, budget, draw) alone.
std::vector<int64_t> random_widths(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget,
                                   uint32_t draw);

// Widths by the power rule of mixed dimensions (Ginart et al. 2021), c (tokens of the block)^-decay rounded down, between 1
// and the block's rank, with the largest c that the budget pays for; what rounding leaves goes to the blocks of few tokens
// first. Throws as prune does.
std::vector<int64_t> power_widths(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget,
                                  double decay);

// The width of one table for all tokens within the same budget.
int64_t uniform_width(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget);

// The share of all energy that these widths keep.
double energy_kept(const std::vector<BlockSpectrum>& blocks, const std::vector<int64_t>& widths);

}  // namespace ate
