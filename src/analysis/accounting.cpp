#include "analysis/accounting.h"

#include <algorithm>

namespace ate::published {

Count full_attention(const Shape& s) { return Count(2) * s.length * s.length * s.width; }

Count selector_hidden(const Shape& s) { return Count(s.length) * s.head_size() * s.hidden; }

Count selector_logits(const Shape& s) { return Count(s.length) * s.hidden * s.length; }

Count approximator_hidden(const Shape& s) {
  return Count(s.length) * std::min(s.keys, s.length) * s.head_size() * s.hidden;
}

Count approximator_output(const Shape& s) { return Count(s.length) * s.hidden * s.head_size(); }

}  // namespace ate::published

namespace ate::detailed {

Count projections(const Shape& s) { return Count(4) * s.length * s.width * s.width; }

Count full_attention(const Shape& s) { return published::full_attention(s); }

Count full_softmax(const Shape& s) { return Count(3) * s.heads * s.length * s.length; }

Count top_k(const Shape& s) { return Count(s.length) * s.length * comparisons_per_logit(s.keys); }

Count other_heads(const Shape& s) {
  return Count(2) * (s.heads - 1) * s.length * std::min(s.keys, s.length) * s.head_size();
}

Count other_heads_softmax(const Shape& s) {
  return Count(3) * (s.heads - 1) * s.length * std::min(s.keys, s.length);
}

}  // namespace ate::detailed

namespace ate::corrected {
namespace {

// `multiply_adds` of a matrix product; its backward pass has two products of the same size.
Flops product(const Count& multiply_adds) { return {2 * multiply_adds, 4 * multiply_adds}; }

}  // namespace

Flops dense_scores(const Shape& s) { return product(visible_pairs(s) * s.heads * s.head_size()); }

Flops dense_softmax(const Shape& s) {
  const Count scores = visible_pairs(s) * s.heads;
  return {3 * scores, 4 * scores};
}

Flops dense_mixing(const Shape& s) { return product(visible_pairs(s) * s.heads * s.head_size()); }

Flops selector_hidden(const Shape& s) {
  return product(Count(s.length) * s.heads * s.head_size() * s.hidden);
}

Flops selector_logits(const Shape& s) {
  const bool all = s.selector_outputs == SelectorOutputs::all;
  return product((all ? Count(s.length) * s.length : visible_pairs(s)) * s.heads * s.hidden);
}

Flops selector_top_k(const Shape& s) {
  return {visible_pairs(s) * s.heads * std::max<int64_t>(1, comparisons_per_logit(s.keys)), 0};
}

Flops approximator_hidden(const Shape& s) {
  return product(selected_pairs(s) * s.heads * s.head_size() * s.hidden);
}

Flops approximator_output(const Shape& s) {
  return product(Count(s.length) * s.heads * s.hidden * s.head_size());
}

Flops query_projection(const Shape& s) { return product(Count(s.length) * s.width * s.width); }

Flops key_projection(const Shape& s) {
  return product(Count(s.length) * s.width * s.head_size() * s.kv_heads);
}

Flops value_projection(const Shape& s) { return key_projection(s); }

Flops output_projection(const Shape& s) { return product(Count(s.length) * s.width * s.width); }

Flops feed_forward(const Shape& s) {
  return product(Count(2) * s.feedforward * s.length * s.width * s.width);
}

Flops unembedding(const Shape& s) { return product(Count(s.length) * s.width * s.vocabulary); }

}  // namespace ate::corrected

namespace ate {
namespace {

// Selector and approximator of one head, as both of the authors' formulas have them.
PathCost one_mlp_head(const Shape& s) {
  return {{{"selector_hidden", "T hd h", Part::selector, published::selector_hidden(s)},
           {"selector_logits", "T h T", Part::selector, published::selector_logits(s)},
           {"approximator_hidden", "T k hd h", Part::attention, published::approximator_hidden(s)},
           {"approximator_output", "T h hd", Part::attention, published::approximator_output(s)}}};
}

Cost published_cost(const Shape& s) {
  return {{{{"full_attention", "2 T^2 d", Part::attention, published::full_attention(s)}}}, one_mlp_head(s)};
}

Cost detailed_cost(const Shape& s) {
  const Term projections = {"projections", "4 T d^2", Part::projection, detailed::projections(s)};
  Cost cost;
  cost.full.terms = {projections,
                     {"full_attention", "2 T^2 d", Part::attention, detailed::full_attention(s)},
                     {"full_softmax", "3 H T^2", Part::attention, detailed::full_softmax(s)}};
  cost.sparse = one_mlp_head(s);
  for (const Term& term :
       {Term{"top_k", "T^2 log2 k", Part::selector, detailed::top_k(s)},
        Term{"other_heads", "(H - 1) 2 T k hd", Part::attention, detailed::other_heads(s)},
        Term{"other_heads_softmax", "(H - 1) 3 T k", Part::attention, detailed::other_heads_softmax(s)},
        projections})
    cost.sparse.terms.push_back(term);
  return cost;
}

// Terms of the corrected accounting, scaled to the coverage.
class CorrectedPath {
 public:
  CorrectedPath(const Shape& shape, const Coverage& coverage) : shape_(shape), coverage_(coverage) {}

  // A term that every layer has; left out where the scope does not reach it.
  void add(const char* name, const char* formula, Part part, corrected::Flops (*flops)(const Shape&)) {
    const bool in_attention = part == Part::attention || part == Part::selector;
    if (coverage_.scope == Scope::attention && !in_attention) return;
    const bool per_layer = coverage_.scope == Scope::model && part != Part::unembedding;
    if (part == Part::unembedding && coverage_.scope != Scope::model) return;
    path_.terms.push_back(
        {name, formula, part, flops(shape_).of(coverage_.pass) * (per_layer ? shape_.layers : 1)});
  }
  void add_around_attention(bool with_keys) {
    using namespace corrected;
    add("query_projection", "2 T d^2", Part::projection, query_projection);
    if (with_keys) add("key_projection", "2 T d hd Hkv", Part::projection, key_projection);
    add("value_projection", "2 T d hd Hkv", Part::projection, value_projection);
    add("output_projection", "2 T d^2", Part::projection, output_projection);
    add("feed_forward", "4 f T d^2", Part::feed_forward, feed_forward);
    add("unembedding", "2 T d V", Part::unembedding, unembedding);
  }
  PathCost take() { return std::move(path_); }

 private:
  const Shape& shape_;
  const Coverage& coverage_;
  PathCost path_;
};

Cost corrected_cost(const Shape& shape, const Coverage& coverage) {
  using namespace corrected;
  CorrectedPath full(shape, coverage);
  full.add("scores", "2 H hd pairs", Part::attention, dense_scores);
  full.add("softmax", "3 H pairs", Part::attention, dense_softmax);
  full.add("mixing", "2 H hd pairs", Part::attention, dense_mixing);
  full.add_around_attention(/*with_keys=*/true);

  const bool all = shape.selector_outputs == SelectorOutputs::all;
  CorrectedPath sparse(shape, coverage);
  sparse.add("selector_hidden", "2 H T hd h", Part::selector, selector_hidden);
  sparse.add("selector_logits", all ? "2 H h T^2" : "2 H h pairs", Part::selector, selector_logits);
  sparse.add("selector_top_k", "H pairs max(1, ceil(log2 k))", Part::selector, selector_top_k);
  sparse.add("approximator_hidden", "2 H hd h selected", Part::attention, approximator_hidden);
  sparse.add("approximator_output", "2 H T h hd", Part::attention, approximator_output);
  sparse.add_around_attention(/*with_keys=*/false);
  return {full.take(), sparse.take()};
}

}  // namespace

const char* accounting_name(Accounting accounting) {
  switch (accounting) {
    case Accounting::published:
      return "published";
    case Accounting::detailed:
      return "detailed";
    case Accounting::corrected:
      return "corrected";
  }
  return "?";
}

const char* accounting_unit(Accounting accounting) {
  switch (accounting) {
    case Accounting::published:
      return "MAC";
    case Accounting::detailed:
      return "operations";
    case Accounting::corrected:
      return "FLOP";
  }
  return "?";
}

Count PathCost::total() const {
  Count sum = 0;
  for (const Term& term : terms) sum += term.count;
  return sum;
}

Count PathCost::of(Part part) const {
  Count sum = 0;
  for (const Term& term : terms)
    if (term.part == part) sum += term.count;
  return sum;
}

Cost cost(Accounting accounting, const Shape& shape, const Coverage& coverage) {
  switch (accounting) {
    case Accounting::published:
      return published_cost(shape);
    case Accounting::detailed:
      return detailed_cost(shape);
    case Accounting::corrected:
      return corrected_cost(shape, coverage);
  }
  return {};
}

}  // namespace ate
