// Makers of the kinds, a file each. What the settings mean stands in config.h.
#pragma once

#include "model/attention/attention.h"

namespace ate {

// mlp_topk: see mlp_topk.h.
std::unique_ptr<SparseAttention> make_mlp_topk(const AttentionConfig& config, const FindParameter& find);

// oracle_topk: the k keys with the largest exact scores. It computes every score, so it saves next to nothing: it is
// the most attention mass that any choice of k keys can hold.
std::unique_ptr<SparseAttention> make_oracle_topk(const AttentionConfig& config);

// window: the last k positions, the query's own included (Beltagy et al. 2020, Longformer). Without a causal mask the
// k nearest ones, the window pushed inside at both ends.
std::unique_ptr<SparseAttention> make_window(const AttentionConfig& config);

// lowrank_topk: per head, query and key are projected to r dimensions by learned matrices, whose products score the
// keys; the k best are read exactly (an indexer as in DeepSeek-V3.2, 2025; in r dimensions of the head, as in Loki,
// Singhania et al. 2024). The projections learn from the selector's loss alone.
//   lowrank_query, lowrank_key   [H, r, hd]
std::unique_ptr<SparseAttention> make_lowrank_topk(const AttentionConfig& config, const FindParameter& find);

// block_topk: keys in blocks of b; a query scores the mean key of each block that lies wholly before its own, and
// reads the best ones and, always, its own block: max(1, k / b) blocks in all, or all of them when k >= T (Lu et al.
// 2025, MoBA; Yuan et al. 2025, NSA). Without a causal mask every block is scored. The last block may be shorter.
// Nothing is learned but through the keys that are read.
std::unique_ptr<SparseAttention> make_block_topk(const AttentionConfig& config);

}  // namespace ate
