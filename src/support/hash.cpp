#include "support/hash.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace ate {

uint32_t hash32(std::string_view text) { return XXH32(text.data(), text.size(), 0); }

struct Hash64::State {
  XXH3_state_t value;
};

Hash64::Hash64() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->value); }

Hash64::~Hash64() = default;

Hash64& Hash64::add(std::string_view bytes) {
  XXH3_64bits_update(&state_->value, bytes.data(), bytes.size());
  return *this;
}

std::string Hash64::hex() const { return fmt::format("{:016x}", XXH3_64bits_digest(&state_->value)); }

}  // namespace ate
