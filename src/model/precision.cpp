#include "model/precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

namespace ate {

Autocast::Autocast(Dtype dtype, at::DeviceType device) : on_(dtype == Dtype::bf16), device_(device) {
  if (!on_) return;
  // Its cache of rounded parameters is shared by all threads, and here no parameter is rounded twice in a pass.
  at::autocast::set_autocast_cache_enabled(false);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, false);
  at::autocast::set_autocast_cache_enabled(true);
}

Tf32Products::Tf32Products(Dtype dtype) : on_(dtype == Dtype::tf32) {
  if (on_) at::globalContext().setAllowTF32CuBLAS(true);
}

Tf32Products::~Tf32Products() {
  if (on_) at::globalContext().setAllowTF32CuBLAS(false);
}

}  // namespace ate
