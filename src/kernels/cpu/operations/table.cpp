#include "kernels/cpu/operations/operations.h"

namespace ate::kernels::ATE_INSTRUCTIONS {

template <class E>
const Kernels<E>& table() {
  static const Kernels<E> kernels = {embed<E>,         embed_backward<E>,
                                     norm<E>,          norm_backward<E>,
                                     relu<E>,          relu_backward<E>,
                                     gelu<E>,          gelu_backward<E>,
                                     swiglu<E>,        swiglu_backward<E>,
                                     split_heads<E>,   split_heads_backward<E>,
                                     join_heads<E>,    join_heads_backward<E>,
                                     attention<E>,     attention_backward<E>,
                                     cross_entropy<E>, draw_mask,
                                     sum_of_squares,   adam<E>,
                                     to_operand<E>,    to_float<E>,
                                     column_sums,      multiply_adds};
  return kernels;
}

const FlashKernels& flash_table() {
  static const FlashKernels kernels = {flash_pack, flash_choose, flash_forward, flash_backward, flash_decode};
  return kernels;
}

template const Kernels<float>& table();
template const Kernels<bf16>& table();

}  // namespace ate::kernels::ATE_INSTRUCTIONS
