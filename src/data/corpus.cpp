#include "data/corpus.h"

#include <algorithm>

#include "data/source.h"
#include "data/token_file.h"

namespace ate {

void Corpus::read(int64_t first, std::span<int64_t> out) const {
  if (file)
    file->read(first, out);
  else
    std::copy_n(tokens.begin() + first, out.size(), out.begin());
}

void Corpus::read_answers(int64_t first, std::span<int64_t> out) const {
  std::copy_n(answers.begin() + first, out.size(), out.begin());
}

std::vector<int64_t> Corpus::counts(int64_t first_tokens) const {
  if (file) return file->counts(first_tokens, vocabulary);
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary));
  for (int64_t i = 0; i < first_tokens; ++i) ++counts[static_cast<size_t>(tokens[static_cast<size_t>(i)])];
  return counts;
}

Corpus make_corpus(const SourceConfig& source, int64_t seed) { return open_source(source)->corpus(seed); }

std::optional<double> source_entropy(const SourceConfig& source) {
  if (source.kind->in_file) return std::nullopt;  // without its file, which may be gone
  return open_source(source)->entropy();
}

}  // namespace ate
