// The kinds of embedding, each of which is an arm of its own name. A new one is a file of this folder, or an entry of one, and two lines here.
#include "config/kinds.h"

namespace ate {

extern const EmbeddingDescription standard_embedding, tied_embedding, bespoke_embedding, reversed_embedding,
    random_band_embedding, uniform_projected_embedding, param_matched_embedding, factorised_embedding,
    mixed_dim_embedding, allocated_embedding, adaptive_embedding, aa_embedding, known_worse_embedding;

template <>
std::vector<const EmbeddingDescription*>& registered() {
  static std::vector<const EmbeddingDescription*> kinds = {
      &standard_embedding,      &tied_embedding,        &bespoke_embedding,
      &reversed_embedding,      &random_band_embedding, &uniform_projected_embedding,
      &param_matched_embedding, &factorised_embedding,  &mixed_dim_embedding,
      &allocated_embedding,     &adaptive_embedding,    &aa_embedding,
      &known_worse_embedding};
  return kinds;
}

constinit const EmbeddingKind EmbeddingKind::standard(standard_embedding);

EmbeddingSettings settings_read_by(const std::vector<EmbeddingKind>& kinds) {
  EmbeddingSettings read;
  for (const EmbeddingKind& kind : kinds) {
    read.ranking |= kind->reads.ranking;
    read.bands |= kind->reads.bands;
    read.high |= kind->reads.high;
    read.mid_low |= kind->reads.mid_low;
    read.rank |= kind->reads.rank;
    read.widths |= kind->reads.widths;
  }
  return read;
}

}  // namespace ate
