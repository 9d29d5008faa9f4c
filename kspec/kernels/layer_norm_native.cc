// Layer normalization of float32 rows, and its gradients, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. A row is normalized, or differentiated, while it is in the nearest
// cache, so that arrays are read once. Sums stand in several vectors, which makes them exact, too.
//
// Source: Ba et al., Layer Normalization, 2016.

#include "native.h"

namespace {

constexpr Size SUMS = 4;                 // vectors that a sum stands in
constexpr Size PARTS = 64;               // that threads share, at most
constexpr Size SMALL = 1 << 14, FEW = 8;  // numbers, and rows, of a part, at least
constexpr Size BLOCK = 32;               // rows that are added up before they join others

template <typename Number>
Number load(const float* from) {
  Number found;
  std::memcpy(&found, from, sizeof found);
  return found;
}

// The sum of term(kind, at) over all `at`, which are as many numbers as `kind` has.
template <typename Term>
float sum(Size count, Term term) {
  Vector sums[SUMS] = {};
  Size at = 0;
  for (; at + SUMS * WIDE <= count; at += SUMS * WIDE)
    for (Size v = 0; v < SUMS; v++) sums[v] += term(Vector{}, at + v * WIDE);
  for (; at + WIDE <= count; at += WIDE) sums[0] += term(Vector{}, at);
  sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float lanes[WIDE], rest = 0;
  std::memcpy(lanes, sums, sizeof lanes);
  for (; at < count; at++) rest += term(0.0f, at);
  for (Size half = WIDE / 2; half; half /= 2)
    for (Size lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0] + rest;
}

// Rows of numbers, in parts that threads share.
struct Rows {
  Size rows, width, parts;

  Rows(Axes x) : rows(x[0]), width(x[1]) {
    parts = std::clamp<Size>(std::min(rows * width / SMALL, rows / FEW), 1, PARTS);
  }

  Size first(Size part) const { return rows * part / parts; }
};

bool same(Axes one, Axes other) {
  return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin());
}

bool holds(const Array& array, Size count) {
  return array.dimensions().size() == 1 && array.dimensions()[0] == count;
}

Error misfit() { return misfit("these are not of one normalization"); }

// y = (x - mean) * scale * gamma + beta, where scale = 1 / sqrt(variance + epsilon).
Error normalize(Threads threads, float epsilon, Array x, Array gamma, Array beta, Result<float> y,
                Result<float> means, Result<float> scales) {
  if (x.dimensions().size() != 2 || !same(x.dimensions(), y.dimensions())) return misfit();
  const Rows s(x.dimensions());
  const bool fit = holds(gamma, s.width) && holds(beta, s.width) && holds(means, s.rows);
  if (!fit || !holds(scales, s.rows)) return misfit();
  const float *from = x.typed_data(), *factors = gamma.typed_data(), *terms = beta.typed_data();
  float *result = y.typed_data(), *mean_of = means.typed_data(), *scale_of = scales.typed_data();
  return share(threads, s.parts, [=](Size part) {
    const Size width = s.width;
    for (Size row = s.first(part); row < s.first(part + 1); row++) {
      const float* __restrict own = from + row * width;
      float* __restrict to = result + row * width;
      const float mean = sum(width, [=](auto kind, Size at) {
        return load<decltype(kind)>(own + at);
      }) / width;
      const float variance = sum(width, [=](auto kind, Size at) {
        const auto apart = load<decltype(kind)>(own + at) - mean;
        return apart * apart;
      }) / width;
      const float scale = 1 / __builtin_sqrtf(variance + epsilon);
      for (Size at = 0; at < width; at++)
        to[at] = (own[at] - mean) * scale * factors[at] + terms[at];
      mean_of[row] = mean;
      scale_of[row] = scale;
    }
  });
}

// The gradient of a row, and what it adds to those of gamma and beta. With h = (x - mean) * scale
// and g = slope * gamma, it is (g - mean(g) - h * mean(g * h)) * scale.
void differentiate_row(Size width, const float* __restrict x, const float* __restrict slope,
                       const float* __restrict gamma, float mean, float scale,
                       float* __restrict to, float* __restrict gammas, float* __restrict betas) {
  const float level = sum(width, [=](auto kind, Size at) {
    using Number = decltype(kind);
    return load<Number>(slope + at) * load<Number>(gamma + at);
  }) / width;
  const float tilt = sum(width, [=](auto kind, Size at) {
    using Number = decltype(kind);
    const Number weighted = load<Number>(slope + at) * load<Number>(gamma + at);
    return weighted * ((load<Number>(x + at) - mean) * scale);
  }) / width;
  for (Size at = 0; at < width; at++) {
    const float h = (x[at] - mean) * scale;
    to[at] = (slope[at] * gamma[at] - level - h * tilt) * scale;
    gammas[at] += slope[at] * h;
    betas[at] += slope[at];
  }
}

// The gradients of x, gamma and beta.
Error differentiate(Threads threads, Array x, Array gamma, Array means, Array scales, Array slope,
                    Result<float> of_x, Result<float> of_gamma, Result<float> of_beta) {
  const Axes axes = x.dimensions();
  if (axes.size() != 2 || !same(axes, slope.dimensions()) || !same(axes, of_x.dimensions()))
    return misfit();
  const Rows s(axes);
  const bool fit = holds(gamma, s.width) && holds(of_gamma, s.width) && holds(of_beta, s.width);
  if (!fit || !holds(means, s.rows) || !holds(scales, s.rows)) return misfit();
  std::vector<double> totals(2 * s.parts * s.width);
  std::vector<float> blocks(2 * s.parts * s.width);
  double* sums = totals.data();
  float *of_blocks = blocks.data(), *result = of_x.typed_data();
  const float *from = x.typed_data(), *slopes = slope.typed_data(), *factors = gamma.typed_data();
  const float *mean_of = means.typed_data(), *scale_of = scales.typed_data();
  const Error error = share(threads, s.parts, [=](Size part) {
    const Size width = s.width, last = s.first(part + 1);
    double* of_part = sums + 2 * part * width;
    float* of_block = of_blocks + 2 * part * width;
    for (Size row = s.first(part), first = row; row < last; row++) {
      differentiate_row(width, from + row * width, slopes + row * width, factors, mean_of[row],
                        scale_of[row], result + row * width, of_block, of_block + width);
      if ((row - first) % BLOCK != BLOCK - 1 && row + 1 < last) continue;
      for (Size at = 0; at < 2 * width; at++) of_part[at] += of_block[at];
      std::fill(of_block, of_block + 2 * width, 0.0f);
    }
  });
  float *gammas = of_gamma.typed_data(), *betas = of_beta.typed_data();
  for (Size at = 0; at < 2 * s.width; at++) {
    double total = 0;
    for (Size part = 0; part < s.parts; part++) total += sums[2 * part * s.width + at];
    (at < s.width ? gammas[at] : betas[at - s.width]) = float(total);
  }
  return error;
}

}  // namespace

KSPEC_HANDLER(kspec_layer_norm, normalize, "epsilon")
KSPEC_HANDLER(kspec_layer_norm_gradient, differentiate)
