// ate_fuzz --reader=NAME [libFuzzer's flags] FOLDER...; --list names the readers.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>

#include "fuzz/reader.h"
#include "support/error.h"

namespace {

const ate::fuzz::Reader* chosen = nullptr;

}  // namespace

// libFuzzer leaves flags of two dashes to its programs.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  spdlog::set_level(spdlog::level::off);
  constexpr std::string_view flag = "--reader=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view word = (*argv)[i];
    for (const ate::fuzz::Reader& reader : ate::fuzz::readers()) {
      if (word == "--list") std::puts(reader.name);
      if (word.starts_with(flag) && word.substr(flag.size()) == reader.name) chosen = &reader;
    }
    if (word == "--list") std::exit(0);
  }
  if (chosen == nullptr) {
    std::fputs("ate_fuzz: give --reader=NAME; --list names them\n", stderr);
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    chosen->read({reinterpret_cast<const char*>(data), size});
  } catch (const ate::Error&) {  // refused
  }
  return 0;
}
