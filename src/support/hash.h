// XXH3 (https://xxhash.com): fast, stable across machines and versions; names experiments and guards
// checkpoints. Not for secrets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ate {

// A short number for a name, to give a random stream to it.
uint32_t hash32(std::string_view text);

// 64 bits as 16 hex digits, fed piece by piece.
class Hash64 {
 public:
  Hash64();
  ~Hash64();
  Hash64(const Hash64&) = delete;
  Hash64& operator=(const Hash64&) = delete;

  Hash64& add(std::string_view bytes);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ate
