#include "cli/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "run/environment.h"
#include "train/device.h"

namespace ate {

std::string version_text() {
  const nlohmann::ordered_json environment = describe_environment("", 0);
  const auto of = [&](const char* name) { return environment[name].get<std::string>(); };
  return fmt::format("ate {} ({})\nLibTorch: {}\nproducts: {}\ninstructions: {}\ndevices: {}", of("ate"),
                     of("commit"), of("libtorch"), of("products"), of("instructions"),
                     fmt::join(available_devices(), ", "));
}

}  // namespace ate
