// The sources. A new one is a file of this folder and two lines here.
#include "data/source.h"

#include <mutex>

namespace ate {

extern const SourceDescription zipf_iid_source, zipf_markov_source, recall_source, mqar_source,
    aggregate_source, induction_source, copy_source, text_source;

template <>
std::vector<const SourceDescription*>& registered() {
  static std::vector<const SourceDescription*> sources = {
      &zipf_iid_source,  &zipf_markov_source, &recall_source, &mqar_source,
      &aggregate_source, &induction_source,   &copy_source,   &text_source};
  return sources;
}

constinit const SourceKind SourceKind::zipf_iid(zipf_iid_source);
constinit const SourceKind SourceKind::zipf_markov(zipf_markov_source);
constinit const SourceKind SourceKind::recall(recall_source);
constinit const SourceKind SourceKind::text(text_source);

std::shared_ptr<const Source> open_source(const SourceConfig& config) {
  static std::mutex mutex;
  static SourceConfig last_config;
  static std::shared_ptr<const Source> last;
  const std::lock_guard lock(mutex);
  if (last == nullptr || !(last_config == config)) {
    last = config.kind->open(config);
    last_config = config;
  }
  return last;
}

}  // namespace ate
