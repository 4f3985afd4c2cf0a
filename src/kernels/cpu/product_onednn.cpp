#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "kernels/cpu/product.h"

namespace ate::kernels {
namespace {

using Type = dnnl::memory::data_type;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory::desc matrix(int64_t rows, int64_t columns, Type type, bool transposed) {
  return {{rows, columns}, type, transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{columns, 1}};
}

dnnl::matmul::primitive_desc describe(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                      const dnnl::memory::desc& c, Into into) {
  dnnl::primitive_attr attributes;
  // The library's own would belong to the thread that made the product.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (into == Into::add) {
    dnnl::post_ops sum;
    sum.append_sum();
    attributes.set_post_ops(sum);
  }
#if DNNL_VERSION_MAJOR >= 3
  return {cpu(), a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, cpu()};
#endif
}

dnnl::memory over(const dnnl::memory::desc& what, const void* data) {
  return {what, cpu(),
          const_cast<void*>(data)};  // factors are only read; oneDNN has no memory of constant data
}

}  // namespace

struct Product::Plan {
  Plan(Form form, int64_t m, int64_t n, int64_t k, const void* a, const void* b, Type type, void* c,
       Type c_type, Into into = Into::replace)
      : Plan(describe(matrix(m, k, type, form == Form::tn), matrix(k, n, type, form == Form::nt),
                      matrix(m, n, c_type, false), into),
             a, b, c) {}

  Plan(const dnnl::matmul::primitive_desc& description, const void* a, const void* b, void* c)
      : primitive(description),
        stream(cpu()),
        arguments{{DNNL_ARG_SRC, over(description.src_desc(), a)},
                  {DNNL_ARG_WEIGHTS, over(description.weights_desc(), b)},
                  {DNNL_ARG_DST, over(description.dst_desc(), c)},
                  {DNNL_ARG_SCRATCHPAD, dnnl::memory(description.scratchpad_desc(), cpu())}} {}

  dnnl::matmul primitive;
  dnnl::stream stream;
  std::unordered_map<int, dnnl::memory> arguments;
};

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
                 Into into)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, Type::f32, c, Type::f32, into)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, bf16* c, Into into)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, Type::bf16, c, Type::bf16, into)) {}

Product::Product(Form form, int64_t m, int64_t n, int64_t k, const bf16* a, const bf16* b, float* c)
    : plan_(std::make_shared<Plan>(form, m, n, k, a, b, Type::bf16, c, Type::f32)) {}

void Product::operator()() const { plan_->primitive.execute(plan_->stream, plan_->arguments); }

std::string product_library() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace ate::kernels
