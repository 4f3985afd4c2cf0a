#include "model/attention/flash.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/thread_pool.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <numeric>
#include <thread>

#include "kernels/cpu/kernels.h"

namespace ate {
namespace {

using kernels::FlashKernels;
using kernels::FlashShape;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

const FlashKernels& flash_kernels() { return *kernels::kernel_sets().front().flash; }

// Runs the tasks on as many threads as LibTorch may use, each as soon as one is free: they differ in length. Not by
// at::parallel_for, which is serial in programs that are compiled without OpenMP.
template <class Work>
void in_parallel(int64_t tasks, const Work& work) {
  static c10::ThreadPool pool(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  std::atomic<int64_t> next = 0;
  const auto run = [&] {
    for (int64_t task = next++; task < tasks; task = next++) work(task);
  };
  const int64_t helpers =
      std::min<int64_t>({tasks, at::get_num_threads(), static_cast<int64_t>(pool.size()) + 1}) - 1;
  std::latch done(helpers);
  for (int64_t i = 0; i < helpers; ++i)
    pool.run([&] {
      run();
      done.count_down();
    });
  run();
  done.wait();
}

FlashShape shape_of(int64_t heads, int64_t kv_heads, int64_t length, int64_t head_width, bool causal,
                    const FlashReads& reads) {
  FlashShape shape;
  shape.heads = heads;
  shape.kv_heads = kv_heads;
  shape.length = length;
  shape.head_width = head_width;
  shape.causal = causal;
  shape.window = reads.window >= shape.length ? 0 : reads.window;
  shape.block = reads.block;
  shape.epsilon = reads.epsilon;
  shape.blocks_read = reads.blocks_read >= shape.blocks() ? 0 : reads.blocks_read;
  return shape;
}

FlashShape shape_of(const at::Tensor& queries, const at::Tensor& keys, bool causal, const FlashReads& reads) {
  return shape_of(queries.size(0) * queries.size(1), keys.size(0) * keys.size(1), queries.size(2),
                  queries.size(3), causal, reads);
}

// Room that a thread keeps for its next call, if it is small: fresh pages cost as much as a short attention.
at::Tensor workspace(int64_t floats, const at::TensorOptions& options) {
  constexpr int64_t kMostKept = 1 << 24;
  if (floats > kMostKept) return at::empty({floats}, options);
  thread_local at::Tensor kept;
  if (!kept.defined() || kept.numel() < floats) kept = at::empty({floats}, options);
  return kept;
}

at::Tensor packed(const FlashShape& shape, bool backward, const at::Tensor& keys, const at::Tensor& values) {
  at::Tensor out = workspace(shape.kv_heads * shape.packed_floats(backward), keys.options());
  in_parallel(shape.kv_heads, [&](int64_t head) {
    flash_kernels().pack(shape, backward, head, keys.const_data_ptr<float>(), values.const_data_ptr<float>(),
                         out.data_ptr<float>());
  });
  return out;
}

// By these threads, not by LibTorch's: those wait for more work on the cores for a while.
at::Tensor zeros(at::IntArrayRef sizes, const at::TensorOptions& options) {
  constexpr int64_t kPart = 1 << 16;
  at::Tensor out = at::empty(sizes, options);
  auto* const x = out.data_ptr<float>();
  in_parallel((out.numel() + kPart - 1) / kPart, [&](int64_t part) {
    std::fill_n(x + part * kPart, std::min(kPart, out.numel() - part * kPart), 0.0F);
  });
  return out;
}

// The sums of a row of `a` times that of `b`: [heads, T].
at::Tensor row_products(const FlashShape& shape, const at::Tensor& a, const at::Tensor& b) {
  at::Tensor out = at::empty({shape.heads, shape.length}, a.options());
  const auto* const x = a.const_data_ptr<float>();
  const auto* const y = b.const_data_ptr<float>();
  auto* const sums = out.data_ptr<float>();
  const int64_t width = shape.head_width;
  in_parallel(shape.heads, [&](int64_t head) {
    for (int64_t row = head * shape.length; row < (head + 1) * shape.length; ++row)
      sums[row] = std::inner_product(x + row * width, x + (row + 1) * width, y + row * width, 0.0F);
  });
  return out;
}

struct Forward {
  at::Tensor out, log_sums;
  at::Tensor choice;  // undefined where all keys or a window of them are read, and where nobody asks for it
};

// `keeps`: the choice is wanted afterwards.
Forward run_forward(const FlashShape& shape, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                    bool keeps) {
  const at::Tensor packs = packed(shape, false, k, v);
  const auto* const pack = packs.const_data_ptr<float>();
  const auto* const query = q.const_data_ptr<float>();
  Forward forward{at::empty_like(q), at::empty({shape.heads, shape.length}, q.options()), {}};
  int32_t* choice = nullptr;
  if (shape.blocks_read > 0 && (keeps || !shape.certifies())) {
    forward.choice =
        at::empty({shape.heads, shape.length, shape.choice_width()}, q.options().dtype(at::kInt));
    choice = forward.choice.data_ptr<int32_t>();
  }
  auto* const out = forward.out.data_ptr<float>();
  auto* const log_sums = forward.log_sums.data_ptr<float>();
  in_parallel(shape.forward_tasks(), [&](int64_t task) {
    if (choice != nullptr && !shape.certifies()) flash_kernels().choose(shape, task, query, pack, choice);
    flash_kernels().forward(shape, task, query, pack, choice, out, log_sums);
  });
  return forward;
}

class FlashFunction : public torch::autograd::Function<FlashFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, bool causal, int64_t window, int64_t blocks_read,
                            int64_t block, double epsilon) {
    const FlashReads reads = {window, blocks_read, block, epsilon};
    const Forward forward = run_forward(shape_of(q, k, causal, reads), q, k, v, /*keeps=*/true);
    context->save_for_backward({q, k, v, forward.out, forward.log_sums, forward.choice});
    context->saved_data["causal"] = causal;
    context->saved_data["window"] = window;
    context->saved_data["blocks_read"] = blocks_read;
    context->saved_data["block"] = block;
    context->saved_data["epsilon"] = epsilon;
    return forward.out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &log_sums = saved[4], &choice = saved[5];
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const FlashShape shape = shape_of(q, k, context->saved_data["causal"].toBool(),
                                      {number("window"), number("blocks_read"), number("block"),
                                       context->saved_data["epsilon"].toDouble()});
    const at::Tensor dout = gradients[0].contiguous();
    const at::Tensor deltas = row_products(shape, saved[3], dout);
    const at::Tensor packs = packed(shape, true, k, v);
    const int64_t splits = (at::get_num_threads() + shape.kv_heads - 1) / shape.kv_heads;
    const at::Tensor dq =
        zeros({splits, q.size(0), q.size(1), shape.length, shape.padded_width()}, q.options());
    const at::Tensor dk = at::empty_like(k);
    const at::Tensor dv = at::empty_like(v);
    in_parallel(shape.backward_tasks(splits), [&](int64_t task) {
      flash_kernels().backward(shape, splits, task, q.const_data_ptr<float>(), packs.const_data_ptr<float>(),
                               choice.defined() ? choice.const_data_ptr<int32_t>() : nullptr,
                               dout.const_data_ptr<float>(), log_sums.const_data_ptr<float>(),
                               deltas.const_data_ptr<float>(), dq.data_ptr<float>(), dk.data_ptr<float>(),
                               dv.data_ptr<float>());
    });
    const at::Tensor sum = splits == 1 ? dq[0] : dq.sum(0);
    return {sum.narrow(-1, 0, shape.head_width), dk, dv, {}, {}, {}, {}, {}};
  }
};

}  // namespace

bool flash_serves(const at::Tensor& queries) {
  return queries.device().is_cpu() && queries.scalar_type() == at::kFloat;
}

at::Tensor flash_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                           bool causal, const FlashReads& reads) {
  const at::Tensor q = queries.contiguous();
  const at::Tensor k = keys.contiguous();
  const at::Tensor v = values.contiguous();
  if (at::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad()))
    return FlashFunction::apply(q, k, v, causal, reads.window, reads.blocks_read, reads.block, reads.epsilon);
  return run_forward(shape_of(q, k, causal, reads), q, k, v, /*keeps=*/false).out;
}

at::Tensor flash_decode(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                        const FlashReads& reads, const at::Tensor& means) {
  const FlashShape shape =
      shape_of(queries.size(0), keys.size(0), keys.size(1), keys.size(2), /*causal=*/true, reads);
  const kernels::FlashCache cache = {keys.const_data_ptr<float>(), values.const_data_ptr<float>(),
                                     keys.stride(0) / keys.size(2),
                                     means.defined() ? means.const_data_ptr<float>() : nullptr,
                                     means.defined() ? means.stride(0) / means.size(2) : 0};
  const at::Tensor q = queries.contiguous();
  at::Tensor out = at::empty_like(q);
  in_parallel(shape.kv_heads, [&](int64_t head) {
    flash_kernels().decode(shape, cache, head, q.const_data_ptr<float>(), out.data_ptr<float>());
  });
  return out;
}

}  // namespace ate
