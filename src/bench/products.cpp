#include "bench/products.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "config/derived.h"
#include "kernels/cpu/kernels.h"
#include "support/timing.h"

namespace ate {
namespace {

using kernels::Form;

constexpr double kRunSeconds = 0.004;
constexpr int kRuns = 5;

// FLOP/s of the fastest of a few runs; `work` returns the operations that it did.
double best_rate(const std::function<double()>& work, double (*clock)()) {
  (void)work();  // warms up
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double start = clock();
    double done = 0;
    double seconds = 0;
    while (seconds < kRunSeconds) {
      done += work();
      seconds = clock() - start;
    }
    best = std::max(best, done / seconds);
  }
  return best;
}

// The three products of a linear map with m rows: forward, to its input, to its weight.
void add_linear(std::vector<ProductShape>& shapes, const std::string& name, int64_t m, int64_t in,
                int64_t out, int64_t times) {
  shapes.push_back({name + " forward", Form::nt, m, out, in, times});
  shapes.push_back({name + " backward", Form::nn, m, in, out, times});
  shapes.push_back({name + " gradient", Form::tn, out, in, m, times});
}

}  // namespace

std::vector<ProductShape> step_products(const Config& config, const EmbeddingPlan& plan) {
  const BodyConfig& body = config.body;
  const int64_t rows = config.windows.batch * config.windows.length;
  const int64_t d = body.width;
  const int64_t f = hidden_width(body);
  std::vector<ProductShape> shapes;
  add_linear(shapes, "qkv", rows, d, in_projection_rows(body), body.layers);
  add_linear(shapes, "out", rows, d, d, body.layers);
  if (f > 0) {
    const int64_t maps = body.activation == Activation::swiglu ? 2 : 1;  // the gate is one
    add_linear(shapes, "linear1", rows, d, f, maps * body.layers);
    add_linear(shapes, "linear2", rows, f, d, body.layers);
  }
  add_linear(shapes, "head", rows, d, config.source.vocabulary, 1);
  for (const EmbeddingBlock& block : plan.blocks)
    if (block.projected) add_linear(shapes, block.name, block.live_rows(), block.width, d, 1);
  return shapes;
}

ProductShape square_product() { return {"square", Form::nn, 1024, 1024, 1024, 0}; }

double product_rate(const ProductShape& shape, Dtype dtype, int threads) {
  at::set_num_threads(threads);
  const at::ScalarType type = dtype == Dtype::bf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor a = at::randn({shape.m, shape.k}).to(type);
  const at::Tensor b = at::randn({shape.k, shape.n}).to(type);
  at::Tensor c = at::empty({shape.m, shape.n}, type);
  const auto product = [&] {
    if (dtype == Dtype::bf16)
      return kernels::Product(shape.form, shape.m, shape.n, shape.k,
                              static_cast<const kernels::bf16*>(a.const_data_ptr()),
                              static_cast<const kernels::bf16*>(b.const_data_ptr()),
                              static_cast<kernels::bf16*>(c.mutable_data_ptr()));
    return kernels::Product(shape.form, shape.m, shape.n, shape.k, a.const_data_ptr<float>(),
                            b.const_data_ptr<float>(), c.mutable_data_ptr<float>());
  }();
  const auto work = [&] {
    product();
    return shape.flops();
  };
  return best_rate(work, threads == 1 ? thread_seconds : wall_seconds);
}

double multiply_add_rate(int threads) {
  std::vector<double> rates(static_cast<size_t>(threads));
  const auto measure = [&](size_t i) {
    float sums[16];
    const auto work = [&] {
      return static_cast<double>(kernels::kernel_sets().front().fp32->multiply_adds(20'000, sums));
    };
    rates[i] = best_rate(work, threads == 1 ? thread_seconds : wall_seconds);
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < rates.size(); ++i) others.emplace_back(measure, i);
  measure(0);
  for (std::thread& other : others) other.join();
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

}  // namespace ate
