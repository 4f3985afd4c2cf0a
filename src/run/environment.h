// What a run ran on, so that a result is evidence by itself.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ate {

// Version and commit of ate, compiler, LibTorch, system, host, processor, the fused kernels' instruction set and library of
// products (by which the last bits of a result on the CPU may differ), cores, memory; `device` and `jobs` as used.
nlohmann::ordered_json describe_environment(const std::string& device, int jobs);

// Cores that this process may use.
int usable_cores();

}  // namespace ate
