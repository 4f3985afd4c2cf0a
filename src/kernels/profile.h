// Where the time of a training step goes. A step says which part begins; a profile, where one is set, reads
// the clocks. Without one that is a test of a pointer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ate {

// Every operation of a step belongs to one.
enum class StepPart : uint8_t {
  products,    // matrix products, by the library, up to their results as the next operation reads them
  attention,   // scores, softmax, mixing; and what comes between them and the projections
  norms,       // bias, dropout, residual sum and norm
  activation,  // bias, activation, dropout
  masks,       // drawing the bits of dropout
  embedding,   // rows of tokens and positions; products of projected tables count as products
  loss,        // softmax and cross-entropy over the vocabulary
  optimiser,   // clip and update
};
inline constexpr std::array<const char*, 8> kStepParts = {"products", "attention", "norms", "activation",
                                                          "masks",    "embedding", "loss",  "optimiser"};
constexpr const char* part_name(StepPart part) { return kStepParts.at(static_cast<std::size_t>(part)); }

class Profile {
 public:
  struct Span {
    StepPart part;
    int64_t begin, end;  // nanoseconds of the steady clock
    int64_t cpu;         // nanoseconds in between that the calling thread had a processor
  };

  // The part begins, and the one before it ends.
  void enter(StepPart part);
  // The one before ends, and none begins.
  void leave();

  const std::vector<Span>& spans() const { return spans_; }
  void clear() { spans_.clear(); }

 private:
  struct Time {
    int64_t wall = 0, cpu = 0;
  };
  static Time now();
  void close(const Time& now);

  std::vector<Span> spans_;
  Time begin_;  // of the open part
  bool open_ = false;
  StepPart part_ = StepPart::products;
};

}  // namespace ate
