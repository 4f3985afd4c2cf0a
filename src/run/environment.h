// What a run ran on, so that a result is evidence by itself.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ate {

// Version and commit of ate, compiler, LibTorch, system, host, processor, the fused kernels' instruction set and library of
// products (by which the last bits of a result on the CPU may differ), cores, memory; `device` and `jobs` as used.
nlohmann::ordered_json describe_environment(const std::string& device, int jobs);

// What of two environments of one run may make the last bits differ, such as "instructions avx2 instead of avx512".
std::vector<std::string> differences_that_round(const nlohmann::ordered_json& now,
                                                const nlohmann::ordered_json& before);

// Cores that this process may use.
int usable_cores();

// Bytes that this process may still take: what the system says is available, or less where a control group
// sets a limit. 0 when it cannot be told.
int64_t available_memory();

}  // namespace ate
