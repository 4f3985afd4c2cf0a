// Each term of each accounting against loops that count what they do.
#include "analysis/accounting.h"
#include "analysis/gpt4.h"
#include "analysis/operations.h"
#include "catch.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Small, and no two sizes alike, so that a formula with the wrong letter shows.
Shape tiny(bool causal, int64_t length = 7, int64_t keys = 4) {
  Shape s;
  s.length = length;
  s.heads = 6;
  s.kv_heads = 2;
  s.width = 30;  // heads of 5
  s.keys = keys;
  s.hidden = 3;
  s.feedforward = 2;
  s.vocabulary = 11;
  s.causal = causal;
  return s;
}

// What `one_head` does, for each of the heads.
template <class OneHead>
int64_t flops_of_heads(const Shape& s, const OneHead& one_head) {
  Operations done;
  for (int64_t head = 0; head < s.heads; ++head) one_head(done);
  return done.flops();
}

// A linear map of every token, from `in` to `out` numbers, and its backward pass.
int64_t forward_of_map(const Shape& s, int64_t in, int64_t out) {
  Operations done;
  (void)product(numbers(s.length, in), numbers(in, out), done);
  return done.flops();
}

int64_t backward_of_map(const Shape& s, int64_t in, int64_t out) {
  Operations done;
  product_backward(numbers(s.length, in), numbers(in, out), numbers(s.length, out), done);
  return done.flops();
}

}  // namespace

TEST_CASE("pairs of a query and a key are as many as a walk finds", "[analysis]") {
  for (const bool causal : {false, true})
    for (const int64_t length : {1, 2, 3, 7, 16})
      for (const int64_t keys : {1, 2, 4, 7, 16, 20}) {
        const Shape s = tiny(causal, length, keys);
        int64_t visible = 0;
        int64_t selected = 0;
        for (int64_t i = 0; i < length; ++i) {
          int64_t seen = 0;
          for (int64_t j = 0; j < length; ++j) seen += may_look(s, i, j) ? 1 : 0;
          visible += seen;
          selected += std::min(seen, keys);
        }
        CAPTURE(causal, length, keys);
        CHECK(visible_pairs(s) == visible);
        CHECK(selected_pairs(s) == selected);
      }
}

TEST_CASE("corrected: the dense terms are what dense attention does", "[analysis]") {
  for (const bool causal : {false, true}) {
    const Shape s = tiny(causal);
    const Matrix x = numbers(s.length, s.head_size());
    const Matrix square = numbers(s.length, s.length);
    CAPTURE(causal);
    CHECK(corrected::dense_scores(s).forward ==
          flops_of_heads(s, [&](Operations& done) { (void)scores(s, x, x, done); }));
    CHECK(corrected::dense_softmax(s).forward ==
          flops_of_heads(s, [&](Operations& done) { (void)softmax(s, square, done); }));
    CHECK(corrected::dense_mixing(s).forward ==
          flops_of_heads(s, [&](Operations& done) { (void)mixing(s, square, x, done); }));
    CHECK(corrected::dense_scores(s).backward ==
          flops_of_heads(s, [&](Operations& done) { scores_backward(s, x, x, square, done); }));
    CHECK(corrected::dense_softmax(s).backward ==
          flops_of_heads(s, [&](Operations& done) { softmax_backward(s, square, square, done); }));
    CHECK(corrected::dense_mixing(s).backward ==
          flops_of_heads(s, [&](Operations& done) { mixing_backward(s, square, x, x, done); }));
  }
}

TEST_CASE("corrected: the sparse terms are what selector and approximator do", "[analysis]") {
  for (const bool causal : {false, true})
    for (const SelectorOutputs outputs : {SelectorOutputs::all, SelectorOutputs::visible})
      for (const int64_t keys : {1, 2, 4}) {
        Shape s = tiny(causal, 7, keys);
        s.selector_outputs = outputs;
        const Matrix queries = numbers(s.length, s.head_size());
        const Matrix hidden = numbers(s.length, s.hidden);
        CAPTURE(causal, keys, outputs == SelectorOutputs::all);
        CHECK(corrected::selector_hidden(s).forward == flops_of_heads(s, [&](Operations& done) {
                (void)product(queries, numbers(s.head_size(), s.hidden), done);
              }));
        CHECK(corrected::selector_logits(s).forward == flops_of_heads(s, [&](Operations& done) {
                (void)visible_logits(s, hidden, numbers(s.hidden, s.length), done);
              }));
        CHECK(corrected::selector_top_k(s).forward ==
              flops_of_heads(s, [&](Operations& done) { top_k(s, done); }));
        CHECK(corrected::selector_top_k(s).backward == 0);
        CHECK(corrected::approximator_hidden(s).forward ==
              flops_of_heads(s, [&](Operations& done) { approximator_hidden(s, done); }));
        CHECK(corrected::approximator_output(s).forward == flops_of_heads(s, [&](Operations& done) {
                (void)product(hidden, numbers(s.hidden, s.head_size()), done);
              }));
      }
}

TEST_CASE("corrected: a product's backward pass is two products", "[analysis]") {
  Shape s = tiny(false);
  CHECK(corrected::selector_hidden(s).backward == s.heads * backward_of_map(s, s.head_size(), s.hidden));
  CHECK(corrected::selector_logits(s).backward == s.heads * backward_of_map(s, s.hidden, s.length));
  CHECK(corrected::approximator_hidden(s).backward ==
        s.heads * backward_of_map(s, s.keys * s.head_size(), s.hidden));
  CHECK(corrected::approximator_output(s).backward == s.heads * backward_of_map(s, s.hidden, s.head_size()));
  CHECK(corrected::feed_forward(s).backward == 2 * backward_of_map(s, s.width, s.feedforward * s.width));
}

TEST_CASE("corrected: projections, feed-forward block and last map are linear maps of every token",
          "[analysis]") {
  const Shape s = tiny(true);
  const int64_t kv_width = s.head_size() * s.kv_heads;
  CHECK(corrected::query_projection(s).forward == forward_of_map(s, s.width, s.width));
  CHECK(corrected::key_projection(s).forward == forward_of_map(s, s.width, kv_width));
  CHECK(corrected::value_projection(s).forward == forward_of_map(s, s.width, kv_width));
  CHECK(corrected::output_projection(s).forward == forward_of_map(s, s.width, s.width));
  CHECK(corrected::feed_forward(s).forward == forward_of_map(s, s.width, s.feedforward * s.width) +
                                                  forward_of_map(s, s.feedforward * s.width, s.width));
  CHECK(corrected::unembedding(s).forward == forward_of_map(s, s.width, s.vocabulary));
  CHECK(corrected::unembedding(s).backward == backward_of_map(s, s.width, s.vocabulary));
}

TEST_CASE("published: one sparse head and all dense heads, in multiply-accumulates", "[analysis]") {
  const Shape s = tiny(false);
  const Matrix x = numbers(s.length, s.head_size());
  Operations dense;
  for (int64_t head = 0; head < s.heads; ++head) {
    (void)scores(s, x, x, dense);
    (void)mixing(s, numbers(s.length, s.length), x, dense);
  }
  CHECK(published::full_attention(s) == dense.multiply_adds);
  CHECK(2 * published::selector_hidden(s) == forward_of_map(s, s.head_size(), s.hidden));
  CHECK(2 * published::selector_logits(s) == forward_of_map(s, s.hidden, s.length));
  CHECK(2 * published::approximator_hidden(s) == forward_of_map(s, s.keys * s.head_size(), s.hidden));
  CHECK(2 * published::approximator_output(s) == forward_of_map(s, s.hidden, s.head_size()));
}

TEST_CASE("detailed: projections, softmax, top-k and the heads that nothing selects for", "[analysis]") {
  const Shape s = tiny(false);
  CHECK(2 * detailed::projections(s) == 4 * forward_of_map(s, s.width, s.width));
  CHECK(detailed::full_softmax(s) ==
        flops_of_heads(s, [&](Operations& done) { (void)softmax(s, numbers(s.length, s.length), done); }));
  Operations one_head;
  top_k(s, one_head);
  CHECK(detailed::top_k(s) == one_head.flops());

  // H - 1 heads, each query over k keys.
  Operations products;
  Operations softmaxes;
  for (int64_t head = 1; head < s.heads; ++head)
    for (int64_t query = 0; query < s.length; ++query) {
      const Matrix weights = product(numbers(1, s.head_size()), numbers(s.head_size(), s.keys), products);
      (void)product(weights, numbers(s.keys, s.head_size()), products);
      softmaxes.others += 3 * s.keys;  // exponential, sum and division
    }
  CHECK(detailed::other_heads(s) == products.multiply_adds);
  CHECK(detailed::other_heads_softmax(s) == softmaxes.others);
}

TEST_CASE("gpt4: the block's formula walks every layer, sequence and head", "[analysis]") {
  Shape s = tiny(false);
  s.kv_heads = s.heads;
  s.layers = 3;
  s.batch = 2;
  Operations dense;
  Operations sparse;
  for (int64_t i = 0; i < s.layers * s.batch * s.heads; ++i) {
    const Matrix x = numbers(s.length, s.head_size());
    (void)scores(s, x, x, dense);
    (void)mixing(s, numbers(s.length, s.length), x, dense);
    for (int64_t query = 0; query < s.length; ++query)  // one pass over hd numbers, and one over k hd
      (void)product(numbers(1, 1 + s.keys), numbers(1 + s.keys, s.head_size()), sparse);
  }
  CHECK(gpt4::full(s) == dense.multiply_adds);
  CHECK(gpt4::sparse(s) == sparse.multiply_adds);
}

TEST_CASE("a logit takes as many comparisons as a tournament tree of k leaves is deep", "[analysis]") {
  CHECK(comparisons_per_logit(1) == 0);
  CHECK(comparisons_per_logit(2) == 1);
  CHECK(comparisons_per_logit(3) == 2);
  CHECK(comparisons_per_logit(8) == 3);
  CHECK(comparisons_per_logit(9) == 4);
  CHECK(comparisons_per_logit(int64_t{1} << 40) == 40);
}
