// The places of a model's weights, said once: T is what a place holds, such as an index into a layout or a tensor. The
// layout names them; all forms of the model (reference, fused, stacked) take them from there.
#pragma once

#include <type_traits>
#include <vector>

namespace ate {

template <class T>
struct LinearWeights {
  T weight{}, bias{};  // of a norm: gain and shift
};

template <class T>
struct LayerWeights {
  LinearWeights<T> in_projection, out_projection, linear1, linear2, norm1, norm2;
  LinearWeights<T> gate;                  // of SwiGLU
  LinearWeights<T> query_norm, key_norm;  // qk_norm: gains
};

template <class T>
struct BlockWeights {
  T table{};
  LinearWeights<T> projection;
};

template <class T>
struct ModelWeights {
  std::vector<BlockWeights<T>> blocks;  // of the embedding
  T positions{};
  std::vector<LayerWeights<T>> layers;
  LinearWeights<T> norm;  // before the head
  LinearWeights<T> head;  // tied: its weight is the first block's table

  // Only what every embedding has in common: no blocks.
  template <class Make>
  auto map_trunk(Make&& make) const {
    using U = std::decay_t<decltype(make(positions))>;
    const auto pair = [&](const LinearWeights<T>& w) {
      return LinearWeights<U>{make(w.weight), make(w.bias)};
    };
    ModelWeights<U> out;
    out.positions = make(positions);
    for (const LayerWeights<T>& l : layers)
      out.layers.push_back({pair(l.in_projection), pair(l.out_projection), pair(l.linear1), pair(l.linear2),
                            pair(l.norm1), pair(l.norm2), pair(l.gate), pair(l.query_norm),
                            pair(l.key_norm)});
    out.norm = pair(norm);
    out.head = pair(head);
    return out;
  }

  // The same places, each holding make(what was there).
  template <class Make>
  auto map(Make&& make) const {
    auto out = map_trunk(make);
    for (const BlockWeights<T>& b : blocks)
      out.blocks.push_back({make(b.table), {make(b.projection.weight), make(b.projection.bias)}});
    return out;
  }
};

}  // namespace ate
