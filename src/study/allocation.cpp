#include "study/allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "random/counter.h"

namespace ate {
namespace {

std::vector<int64_t> tokens_of(const std::vector<BlockSpectrum>& blocks) {
  std::vector<int64_t> tokens;
  for (const BlockSpectrum& block : blocks) tokens.push_back(block.tokens);
  return tokens;
}

// One column each.
std::vector<int64_t> narrowest(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget) {
  std::vector<int64_t> widths(tokens.size(), 1);
  const int64_t least = parameters_of(widths, tokens, model_width);
  if (least > budget)
    throw std::invalid_argument(fmt::format(
        "{} parameters do not pay for one column in each of {} blocks: {} do", budget, tokens.size(), least));
  return widths;
}

}  // namespace

int64_t widest(int64_t tokens, int64_t model_width) { return std::min(tokens, model_width); }

int64_t parameters_of(const std::vector<int64_t>& widths, const std::vector<int64_t>& tokens,
                      int64_t model_width) {
  int64_t sum = 0;
  for (size_t i = 0; i < widths.size(); ++i) sum += widths[i] * column_cost(tokens[i], model_width);
  return sum;
}

std::vector<int64_t> prune(const std::vector<BlockSpectrum>& blocks, int64_t model_width, int64_t budget) {
  const std::vector<int64_t> tokens = tokens_of(blocks);
  std::vector<int64_t> widths = narrowest(tokens, model_width, budget);
  int64_t left = budget - parameters_of(widths, tokens, model_width);
  while (true) {
    // Energies fall within a block, so that its next column is its best.
    size_t best = blocks.size();
    double most = -1;
    for (size_t i = 0; i < blocks.size(); ++i) {
      const auto next = static_cast<size_t>(widths[i]);
      const int64_t cost = column_cost(tokens[i], model_width);
      if (widths[i] >= widest(tokens[i], model_width) || next >= blocks[i].energies.size() || cost > left)
        continue;
      const double gain = blocks[i].energies[next] / static_cast<double>(cost);
      if (gain > most) {
        most = gain;
        best = i;
      }
    }
    if (best == blocks.size()) return widths;
    ++widths[best];
    left -= column_cost(tokens[best], model_width);
  }
}

std::vector<int64_t> random_widths(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget,
                                   uint32_t draw) {
  std::vector<int64_t> widths = narrowest(tokens, model_width, budget);
  // Exponential numbers over their sum are uniform over the simplex.
  std::vector<double> shares;
  for (size_t i = 0; i < tokens.size(); ++i)
    shares.push_back(
        -std::log1p(-unit_interval(word64(random_block({draw, 0}, Purpose::allocation, 0, 0, i), 0))));
  int64_t left = budget - parameters_of(widths, tokens, model_width);
  std::vector<bool> open(tokens.size(), true);
  while (true) {
    const double total = std::inner_product(shares.begin(), shares.end(), open.begin(), 0.0);
    const int64_t round = left;
    bool closed = false;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (!open[i]) continue;
      const int64_t cost = column_cost(tokens[i], model_width);
      const int64_t room = widest(tokens[i], model_width) - widths[i];
      const auto wanted =
          static_cast<int64_t>(static_cast<double>(round) * shares[i] / total / static_cast<double>(cost));
      const int64_t more = std::min(wanted, room);
      widths[i] += more;
      left -= more * cost;
      if (more < wanted || more == room) {
        open[i] = false;
        closed = true;
      }
    }
    if (!closed) break;
  }
  // What rounding left goes where it still fits, the block with the largest share first.
  std::vector<size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return shares[a] > shares[b]; });
  for (const size_t i : order) {
    const int64_t cost = column_cost(tokens[i], model_width);
    const int64_t more = std::min(left / cost, widest(tokens[i], model_width) - widths[i]);
    widths[i] += more;
    left -= more * cost;
  }
  return widths;
}

std::vector<int64_t> power_widths(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget,
                                  double decay) {
  narrowest(tokens, model_width, budget);  // which refuses a budget that is too small
  const auto widths_at = [&](double c) {
    std::vector<int64_t> widths;
    for (const int64_t n : tokens) {
      const double wanted =
          std::min(c * std::pow(static_cast<double>(n), -decay), static_cast<double>(model_width));
      widths.push_back(std::clamp<int64_t>(static_cast<int64_t>(wanted), 1, widest(n, model_width)));
    }
    return widths;
  };
  // At `high` every block has its rank. Widths grow with c: halving the interval finds the largest that fits.
  double low = 0;
  double high =
      2 * static_cast<double>(model_width) *
      std::pow(static_cast<double>(*std::max_element(tokens.begin(), tokens.end())), std::max(decay, 0.0));
  if (parameters_of(widths_at(high), tokens, model_width) <= budget) return widths_at(high);
  for (int halving = 0; halving < 100; ++halving) {
    const double middle = (low + high) / 2;
    (parameters_of(widths_at(middle), tokens, model_width) <= budget ? low : high) = middle;
  }
  std::vector<int64_t> widths = widths_at(low);
  int64_t left = budget - parameters_of(widths, tokens, model_width);
  for (size_t i = 0; i < tokens.size(); ++i)
    if (const int64_t cost = column_cost(tokens[i], model_width);
        cost <= left && widths[i] < widest(tokens[i], model_width)) {
      ++widths[i];
      left -= cost;
    }
  return widths;
}

int64_t uniform_width(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget) {
  const int64_t all = std::accumulate(tokens.begin(), tokens.end(), int64_t{0});
  return std::clamp<int64_t>(budget / column_cost(all, model_width), 1, widest(all, model_width));
}

double energy_kept(const std::vector<BlockSpectrum>& blocks, const std::vector<int64_t>& widths) {
  double kept = 0;
  double all = 0;
  for (size_t i = 0; i < blocks.size(); ++i)
    for (size_t column = 0; column < blocks[i].energies.size(); ++column) {
      all += blocks[i].energies[column];
      if (column < static_cast<size_t>(widths[i])) kept += blocks[i].energies[column];
    }
  return kept / all;
}

}  // namespace ate
