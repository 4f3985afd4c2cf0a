#include "data/source.h"

#include <mutex>

#include "data/recall.h"
#include "data/text.h"
#include "data/zipf_iid.h"
#include "data/zipf_markov.h"

namespace ate {
namespace {

std::shared_ptr<const Source> make_source(const SourceConfig& config) {
  switch (config.kind) {
    case SourceKind::zipf_iid:
      return std::make_shared<ZipfIid>(config);
    case SourceKind::zipf_markov:
      return std::make_shared<ZipfMarkov>(config);
    case SourceKind::recall:
      return std::make_shared<Recall>(config);
    case SourceKind::text:
      return std::make_shared<Text>(config);
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<const Source> open_source(const SourceConfig& config) {
  static std::mutex mutex;
  static SourceConfig last_config;
  static std::shared_ptr<const Source> last;
  const std::lock_guard lock(mutex);
  if (last == nullptr || !(last_config == config)) {
    last = make_source(config);
    last_config = config;
  }
  return last;
}

}  // namespace ate
