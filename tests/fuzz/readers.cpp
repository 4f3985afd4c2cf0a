#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "fuzz/reader.h"

namespace ate::fuzz {

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all = {{"config", read_config_file},
                                          {"flags", read_flags},
                                          {"seeds", read_seed_list},
                                          {"claims", read_claims},
                                          {"sweep", read_sweep_file},
                                          {"listing", read_sweep_listing},
                                          {"result", read_result},
                                          {"progress", read_progress},
                                          {"plan", read_plan},
                                          {"run_config", read_run_config},
                                          {"lease", read_lease_file},
                                          {"stops", read_stops},
                                          {"tokens", read_tokens},
                                          {"safetensors", read_safetensors},
                                          {"sentencepiece", read_sentencepiece}};
  return all;
}

InputFileInMemory::InputFileInMemory(std::string_view bytes)
    : descriptor_(memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0 || ::write(descriptor_, bytes.data(), bytes.size()) != std::ssize(bytes))
    throw std::runtime_error("no file in memory");
}

InputFileInMemory::~InputFileInMemory() { ::close(descriptor_); }

std::string InputFileInMemory::path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

void put(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace ate::fuzz
