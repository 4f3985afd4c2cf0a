// The one place that chooses a device.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace ate {

// The device that `name` (auto, cpu, cuda, cuda:N, mps) stands for here; auto takes the first of cuda, mps
// and cpu that is there. Throws BadInput for /device, listing what is available, for one that is not.
at::Device choose_device(const std::string& name);

}  // namespace ate
