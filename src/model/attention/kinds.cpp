// The kinds of attention. A new one is a file of this folder and two lines here.
#include "config/kinds.h"

namespace ate {

extern const AttentionDescription dense_attention, mlp_topk_attention, oracle_topk_attention,
    window_attention, lowrank_topk_attention, block_topk_attention, certified_attention, threshold_attention,
    indexer_attention;

template <>
std::vector<const AttentionDescription*>& registered() {
  static std::vector<const AttentionDescription*> kinds = {
      &dense_attention,     &mlp_topk_attention,     &oracle_topk_attention,
      &window_attention,    &lowrank_topk_attention, &block_topk_attention,
      &certified_attention, &threshold_attention,    &indexer_attention};
  return kinds;
}

constinit const AttentionKind AttentionKind::dense(dense_attention);
constinit const AttentionKind AttentionKind::mlp_topk(mlp_topk_attention);

}  // namespace ate
