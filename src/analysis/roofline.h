// The roofline model (Williams, Waterman and Patterson 2009): a path runs at most at the device's
// arithmetic peak, and at most at its arithmetic intensity times the device's memory bandwidth.
#pragma once

#include <string>
#include <vector>

#include "analysis/shape.h"

namespace ate {

struct Device {
  std::string name;       // "h100"
  std::string title;      // "NVIDIA H100 SXM5 80 GB"
  double fp32_flops = 0;  // peak FLOP/s of dense matrix products
  double bf16_flops = 0;
  double bandwidth = 0;  // bytes/s of main memory
  std::string source;    // where the numbers come from
};

// Devices known from their data sheets.
const std::vector<Device>& data_sheet_devices();

// What one way of computing attention does, forward, one layer, `batch` sequences.
struct Work {
  std::string path;  // "dense fused"
  Count flops;
  Count bytes;  // that must cross the memory bus if the caches hold nothing between operations
};

// dense naive: the scores and their softmax are written and read once each (4 scores arrays over the bus).
// dense fused: queries, keys, values and outputs only, each once. sparse: the selector's outputs, hidden
// activations and gathered values are each written and read once, and the weights of selector and
// approximator read once.
std::vector<Work> attention_work(const Shape& shape, int64_t element_bytes);

struct RooflinePoint {
  double intensity = 0;   // FLOP per byte
  double ridge = 0;       // the intensity from which the device is bound by arithmetic
  double attainable = 0;  // FLOP/s: min(peak, intensity * bandwidth)
  double seconds = 0;     // flops / attainable: no implementation of this path is faster
  bool compute_bound() const { return intensity >= ridge; }
};
RooflinePoint place(const Work& work, const Device& device, int64_t element_bytes);

}  // namespace ate
