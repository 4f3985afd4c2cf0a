#include "train/device.h"

#include <ATen/Context.h>

#include "support/error.h"
#include "support/names.h"

namespace ate {

std::vector<std::string> available_devices() {
  std::vector<std::string> names;
  for (size_t i = 0; i < at::getNumGPUs(); ++i) names.push_back("cuda:" + std::to_string(i));
  if (at::hasMPS()) names.emplace_back("mps");
  names.emplace_back("cpu");
  return names;
}

at::Device choose_device(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);  // without asking: a driver can take a second to answer
  const std::vector<std::string> available = available_devices();
  const std::string wanted = name == "auto" ? available.front() : name == "cuda" ? "cuda:0" : name;
  for (const std::string& device : available)
    if (device == wanted) return at::Device(device);
  throw BadInput("/device", "\"" + name + "\" is not available here; this build on this machine has " +
                                either(available));
}

}  // namespace ate
