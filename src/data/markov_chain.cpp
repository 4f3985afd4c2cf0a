#include "data/markov_chain.h"

#include <algorithm>
#include <cmath>

namespace ate {
namespace {

constexpr double kNeighbourPower = 0.75;
constexpr int kBalancingRounds = 16;

using Graph = std::vector<std::vector<int32_t>>;  // of each token, ascending

Graph draw_graph(const std::vector<double>& stationary, int64_t neighbours, RandomKey key, uint32_t graph) {
  std::vector<double> cumulative(stationary.size());
  double total = 0;
  for (size_t i = 0; i < cumulative.size(); ++i)
    cumulative[i] = total += std::pow(stationary[i], kNeighbourPower);
  // One of the first `count` tokens.
  const auto draw = [&](double uniform, size_t count) {
    const auto end = cumulative.begin() + static_cast<std::ptrdiff_t>(count);
    const auto it = std::upper_bound(cumulative.begin(), end, uniform * cumulative[count - 1]);
    return std::min(static_cast<size_t>(it - cumulative.begin()), count - 1);
  };

  Graph edges(stationary.size());
  for (size_t i = 0; i < edges.size(); ++i)
    for (int64_t n = 0; n < neighbours; ++n) {
      const auto block = random_block(key, Purpose::law, graph, static_cast<uint32_t>(n), i);
      const size_t j = draw(unit_interval(word64(block, 0)), n == 0 && i > 0 ? i : edges.size());
      if (i == j) continue;
      edges[i].push_back(static_cast<int32_t>(j));
      edges[j].push_back(static_cast<int32_t>(i));
    }
  for (std::vector<int32_t>& list : edges) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return edges;
}

class Balance {
 public:
  Balance(const std::vector<double>& stationary, const Graph& edges)
      : p_(stationary), edges_(edges), c_(stationary.size(), 1.0), s_(stationary.size()) {
    for (int round = 0; round < kBalancingRounds; ++round) {
      sum();
      for (size_t i = 0; i < c_.size(); ++i) c_[i] /= std::sqrt(s_[i]);
    }
    sum();
  }

  // P_ij of a neighbour.
  double step(size_t i, size_t j) const { return c_[i] * c_[j] * p_[j] / std::max(s_[i], s_[j]); }

 private:
  void sum() {
    for (size_t i = 0; i < c_.size(); ++i) {
      double total = 0;
      for (const int32_t j : edges_[i]) total += p_[static_cast<size_t>(j)] * c_[static_cast<size_t>(j)];
      s_[i] = c_[i] * total;
    }
  }

  const std::vector<double>& p_;
  const Graph& edges_;
  std::vector<double> c_, s_;
};

}  // namespace

MarkovChain metropolis_chain(const std::vector<double>& stationary, int64_t neighbours, RandomKey key,
                             uint32_t graph) {
  const Graph edges = draw_graph(stationary, neighbours, key, graph);
  const Balance balance(stationary, edges);
  MarkovChain chain;
  chain.first.push_back(0);
  for (size_t i = 0; i < edges.size(); ++i) {
    const auto self = static_cast<int32_t>(i);
    double moves = 0;
    for (const int32_t j : edges[i]) moves += balance.step(i, static_cast<size_t>(j));
    const auto add = [&](int32_t j, double p) {
      chain.token.push_back(j);
      chain.probability.push_back(p);
    };
    bool stayed = !(moves < 1);  // rounding can leave nothing to stay with
    for (const int32_t j : edges[i]) {
      if (!stayed && j > self) {
        add(self, 1 - moves);
        stayed = true;
      }
      add(j, balance.step(i, static_cast<size_t>(j)));
    }
    if (!stayed) add(self, 1 - moves);
    chain.first.push_back(static_cast<int64_t>(chain.token.size()));
  }
  return chain;
}

}  // namespace ate
