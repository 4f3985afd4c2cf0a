// Kernels by themselves, in every instruction set that this processor has.
#include "kernels/cpu/kernels.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

#include "catch.h"
#include "model/dropout.h"

using namespace ate;
using kernels::bf16;

namespace {

template <class Check>
void in_every_set(Check&& check) {
  for (const kernels::KernelSet& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    check(set);
  }
}

float as_float(bf16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

}  // namespace

TEST_CASE("the portable kernels are always there, and last", "[kernels]") {
  REQUIRE(!kernels::kernel_sets().empty());
  CHECK(kernels::kernel_sets().back().name == "portable");
}

TEST_CASE("a mask's bits are the kept elements of the reference's mask", "[kernels]") {
  constexpr RandomKey kKey = {0x12345678, 0x9abcdef0};
  for (const double p : {0.1, 0.5, 0.97}) {
    for (const int64_t elements : {1, 7, 8, 9, 127, 128, 129, 1000, 4096}) {
      std::vector<float> expected(static_cast<size_t>(elements));
      fill_dropout_mask(kKey, 5, 9, p, expected);
      in_every_set([&](const kernels::KernelSet& set) {
        std::vector<uint8_t> bits(static_cast<size_t>(kernels::mask_bytes(elements)));
        set.fp32->draw_mask(dropout_draw(kKey, 5, 9, p), elements, bits.data());
        int64_t different = 0;
        for (size_t i = 0; i < expected.size(); ++i)
          different += (expected[i] > 0) != ((bits[i / 8] >> (i % 8) & 1) == 1);
        CAPTURE(p, elements);
        CHECK(different == 0);
      });
    }
  }
}

TEST_CASE("bf16 is the nearest number of 8 bits, ties to even", "[kernels]") {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<float, float>> cases = {{0, 0},
                                                      {1, 1},
                                                      {-1.5F, -1.5F},
                                                      {1 + 0x1p-8F, 1},
                                                      {1 + 0x3p-8F, 1 + 0x1p-6F},
                                                      {1 + 0x1.01p-8F, 1 + 0x1p-7F},
                                                      {infinity, infinity},
                                                      {-infinity, -infinity},
                                                      {3.4e38F, infinity}};
  std::vector<float> in;
  for (const auto& [x, rounded] : cases) in.push_back(x);
  in.push_back(std::nanf(""));
  in.push_back(std::nanf("0x3fffff"));
  in_every_set([&](const kernels::KernelSet& set) {
    std::vector<bf16> out(in.size());
    set.with_bf16->to_operand(static_cast<int64_t>(in.size()), in.data(), out.data());
    for (size_t i = 0; i < cases.size(); ++i) {
      CAPTURE(in[i]);
      CHECK(as_float(out[i]) == cases[i].second);
    }
    CHECK(std::isnan(as_float(out[cases.size()])));
    CHECK(std::isnan(as_float(out[cases.size() + 1])));
    std::vector<float> back(in.size());
    set.with_bf16->to_float(static_cast<int64_t>(in.size()), out.data(), back.data());
    for (size_t i = 0; i < cases.size(); ++i) CHECK(back[i] == cases[i].second);
  });
}

TEST_CASE("sums of squares and of columns are right whatever the size", "[kernels]") {
  in_every_set([&](const kernels::KernelSet& set) {
    for (const int64_t n : {1, 15, 16, 17, 4095, 4096, 4097, 10'000}) {
      std::vector<float> x;
      double expected = 0;
      for (int64_t i = 0; i < n; ++i) {
        x.push_back(static_cast<float>(std::cos(static_cast<double>(i))));
        expected += static_cast<double>(x.back()) * static_cast<double>(x.back());
      }
      CAPTURE(n);
      CHECK(std::abs(set.fp32->sum_of_squares(n, x.data()) / expected - 1) < 1e-6);
    }
    const std::vector<float> rows = {1, 2, 3, 10, 20, 30};
    std::vector<float> sums(3, -1);
    set.fp32->column_sums(2, 3, rows.data(), sums.data());
    CHECK(sums == std::vector<float>{11, 22, 33});
  });
}

TEST_CASE("GELU and its slope are those of the normal law, and a NaN stays one", "[kernels]") {
  std::vector<float> x, bias(241, 0.25F);
  for (int i = -120; i <= 120; ++i) x.push_back(static_cast<float>(i) / 10);
  const auto f = static_cast<int64_t>(x.size());
  in_every_set([&](const kernels::KernelSet& set) {
    std::vector<float> h(x.size()), dh(x.size(), 2.0F), dbias(x.size());
    set.fp32->gelu(1, f, x.data(), bias.data(), {}, h.data());
    set.fp32->gelu_backward(1, f, x.data(), bias.data(), {}, dh.data(), dbias.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double u = static_cast<double>(x[i]) + 0.25;
      const double below = 0.5 * std::erfc(-u / std::sqrt(2.0));
      const double density = std::exp(-u * u / 2) / std::sqrt(2 * std::numbers::pi);
      CAPTURE(u);
      CHECK(std::abs(static_cast<double>(h[i]) - u * below) < 1e-6);
      CHECK(std::abs(static_cast<double>(dh[i]) - 2 * (below + u * density)) < 2e-6);
      CHECK(dbias[i] == dh[i]);
    }
    const float nan = std::nanf("");
    set.fp32->gelu(1, 1, &nan, bias.data(), {}, h.data());
    CHECK(std::isnan(h[0]));
  });
}

TEST_CASE("SwiGLU and its slopes are right however large the gate, and a NaN stays one", "[kernels]") {
  std::vector<float> x, gate;
  for (int i = -120; i <= 120; ++i) {
    gate.push_back(static_cast<float>(i) * static_cast<float>(i * i) / 5e3F);  // to 346
    x.push_back(1.5F + std::sin(static_cast<float>(i)));
  }
  const auto f = static_cast<int64_t>(x.size());
  const std::vector<float> zero(x.size()), bias(x.size(), 0.25F);
  in_every_set([&](const kernels::KernelSet& set) {
    std::vector<float> h(x.size()), dh(x.size(), 2.0F), dgate(x.size()), dbias(x.size()),
        dgate_bias(x.size());
    set.fp32->swiglu(1, f, x.data(), bias.data(), gate.data(), zero.data(), {}, h.data());
    set.fp32->swiglu_backward(1, f, x.data(), bias.data(), gate.data(), zero.data(), {}, dh.data(),
                              dgate.data(), dbias.data(), dgate_bias.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double u = static_cast<double>(x[i]) + 0.25;
      const double g = static_cast<double>(gate[i]);
      const double s = 1 / (1 + std::exp(-g));
      CAPTURE(g);
      const double tolerance = 1e-6 * (1 + std::abs(g));
      CHECK(std::abs(static_cast<double>(h[i]) - u * g * s) < 3 * tolerance);
      CHECK(std::abs(static_cast<double>(dh[i]) - 2 * g * s) < 2 * tolerance);
      CHECK(std::abs(static_cast<double>(dgate[i]) - 2 * u * s * (1 + g * (1 - s))) < 6 * tolerance);
      CHECK(dbias[i] == dh[i]);
      CHECK(dgate_bias[i] == dgate[i]);
    }
    const float nan = std::nanf("");
    set.fp32->swiglu(1, 1, x.data(), bias.data(), &nan, zero.data(), {}, h.data());
    CHECK(std::isnan(h[0]));
  });
}

TEST_CASE("cross-entropy and its gradient are right for large, small and few logits", "[kernels]") {
  in_every_set([&](const kernels::KernelSet& set) {
    for (const int64_t v : {1, 2, 7, 16, 37})
      for (const double size : {1e-3, 1.0, 60.0}) {
        constexpr int64_t kRows = 3;
        std::vector<float> logits, bias, dbias(static_cast<size_t>(v), -1), row(static_cast<size_t>(v));
        for (int64_t i = 0; i < kRows * v; ++i)
          logits.push_back(static_cast<float>(size * std::sin(static_cast<double>(i) * 1.3)));
        for (int64_t j = 0; j < v; ++j) bias.push_back(static_cast<float>(std::cos(static_cast<double>(j))));
        const std::vector<int64_t> targets = {0, v - 1, v / 2};
        std::vector<double> gradient, sums(static_cast<size_t>(v));
        double loss = 0;
        for (size_t i = 0; i < kRows; ++i) {
          std::vector<double> x;
          double total = 0;
          for (size_t j = 0; j < static_cast<size_t>(v); ++j)
            x.push_back(static_cast<double>(logits[i * static_cast<size_t>(v) + j] + bias[j]));
          for (const double logit : x) total += std::exp(logit);
          loss += std::log(total) - x[static_cast<size_t>(targets[i])];
          for (size_t j = 0; j < x.size(); ++j) {
            gradient.push_back((std::exp(x[j]) / total - (targets[i] == static_cast<int64_t>(j))) / kRows);
            sums[j] += gradient.back();
          }
        }
        CAPTURE(v, size);
        const double found = set.fp32->cross_entropy(kRows, v, logits.data(), bias.data(), targets.data(),
                                                     dbias.data(), row.data());
        CHECK(std::abs(found - loss) < 1e-5 * (1 + loss));
        for (size_t i = 0; i < gradient.size(); ++i)
          CHECK(std::abs(static_cast<double>(logits[i]) - gradient[i]) < 1e-6);
        for (size_t j = 0; j < sums.size(); ++j)
          CHECK(std::abs(static_cast<double>(dbias[j]) - sums[j]) < 1e-6);
      }
  });
}
