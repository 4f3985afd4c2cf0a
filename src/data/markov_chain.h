// A Markov chain with a given stationary law, by Metropolis-Hastings over a sparse random graph.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/counter.h"

namespace ate {

// Transition probabilities: row i holds the entries first[i] .. first[i + 1] - 1, by ascending token.
struct MarkovChain {
  std::vector<int64_t> first;
  std::vector<int32_t> token;
  std::vector<double> probability;

  size_t states() const { return first.size() - 1; }
  std::span<const int32_t> tokens_after(size_t state) const { return entries(token, state); }
  std::span<const double> probabilities_after(size_t state) const { return entries(probability, state); }

 private:
  template <class T>
  std::span<const T> entries(const std::vector<T>& all, size_t state) const {
    return std::span(all).subspan(static_cast<size_t>(first[state]),
                                  static_cast<size_t>(first[state + 1] - first[state]));
  }
};

// The chain over a graph drawn from (key, graph), whose stationary law is `stationary` =: p, exactly (within
// rounding), by detailed balance p_i P_ij = p_j P_ji.
//
// Graph: each token draws `neighbours` neighbours with probability proportional to p^(3/4), with replacement;
// the first of them among the more frequent tokens, so that the graph is connected. Edges go both ways.
//
// Proposal: from i to a neighbour j in proportion to p_j c_j. The c are made by 16 rounds of balancing,
// c_i <- c_i / sqrt(s_i), s_i = c_i * sum over neighbours of p_j c_j (Sinkhorn's iteration for a symmetric
// matrix; Knight 2008), which brings all s_i near 1. It is accepted with probability min(1, s_i / s_j)
// (Hastings 1970), so that P_ij = c_i c_j p_j / max(s_i, s_j), and what is refused stays: P_ii = 1 - the rest.
//
// Why so: with uniform proposals a frequent token, whose neighbours are nearly all rarer, refuses almost
// always. For V = 500, s = 1.3 and 4 neighbours, with c = 1 the chain stays in place 22 to 25 % of the time and
// a rare token up to 99.7 %; balanced, it stays 3 % (independent draws repeat a token 11 % of the time), no token
// more than 9 %, and its entropy rate is 2.3 nats where independent draws have 3.55. With the power 0 frequent
// tokens have too few neighbours to go to (the chain stays 18 %, the most frequent token 42 to 53 %); with 1 the
// most frequent token neighbours most others and its row is nearly the law itself (2.6 nats).
MarkovChain metropolis_chain(const std::vector<double>& stationary, int64_t neighbours, RandomKey key,
                             uint32_t graph);

}  // namespace ate
