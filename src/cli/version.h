// What --version prints.
#pragma once

#include <string>

namespace ate {

// Version and commit, then a line each: LibTorch, what multiplies matrices, the fused kernels' instructions, the
// devices that LibTorch finds here. Asks the drivers, which may take a second.
std::string version_text();

}  // namespace ate
