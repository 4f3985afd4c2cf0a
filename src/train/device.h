// The one place that chooses a device.
#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace ate {

// Every device of this machine that LibTorch can use, the preferred one first. Asks the drivers.
std::vector<std::string> available_devices();

// The device that `name` (auto, cpu, cuda, cuda:N, mps) stands for here; auto takes the first of cuda, mps
// and cpu that is there. Throws BadInput for /device, listing what is available, for one that is not.
at::Device choose_device(const std::string& name);

}  // namespace ate
