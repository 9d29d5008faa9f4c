// The activation gelu of float32 and its slope, both at once, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the handler at its end on
// buffers of its own. What is not exact is so to within some units in the last place.
//
// Source: Hendrycks and Gimpel, Gaussian Error Linear Units (GELUs), 2016.

#include "native_math.h"

namespace {

constexpr Size SMALL = 1 << 14, PARTS = 64;  // numbers of a part, at least, and parts, at most
constexpr float FLAT = 40.0f;                // beyond it the slope is 0 or 1
// p of (a - 3) / (a + 3), so that exp(-a * a / 2) * p is how much of a normal distribution lies
// beyond a: fitted by least squares, whose weights make the largest relative error least, 2e-7.
constexpr float FACTORS[] = {
    5.3161868e-05f, 0.000115013674f, -0.000339012797f, -0.000983288162f, 0.00290438742f,
    0.00613194238f, -0.0462132618f, 0.123225041f, -0.206402615f, 0.121513948f};

// x times the normal distribution up to x; its slope is that, and x times the density.
inline Vector exact(Vector x, Vector& slope) {
  const Vector near = between(x, -FLAT, FLAT), size = near < all(0) ? -near : near;
  const Vector place = (size - 3.0f) / (size + 3.0f), bell = exp(-0.5f * size * size);
  Vector beyond = all(FACTORS[0]);
  for (Size number = 1; number < 10; number++) beyond = beyond * place + FACTORS[number];
  beyond *= bell;
  const Vector up_to = x < all(0) ? beyond : 1.0f - beyond;
  slope = up_to + near * (bell * 0.398942280f);
  return x * up_to;
}

// x (1 + tanh(u)) / 2, where u = sqrt(2 / pi) (x + 0.044715 x^3): x sigmoid(2u).
inline Vector approximate(Vector x, Vector& slope) {
  const Vector near = between(x, -FLAT, FLAT), square = near * near;
  const Vector part = sigmoid(near * (1.59576912f + 0.0713548163f * square));
  slope = part + near * part * (1.0f - part) * (1.59576912f + 0.214064449f * square);
  return x * part;
}

template <Vector way(Vector, Vector&)>
void compute(const float* x, float* y, float* slopes, Size count) {
  Vector in, out, slope;
  Size at = 0;
  for (; at + WIDE <= count; at += WIDE) {
    std::memcpy(&in, x + at, 4 * WIDE);
    out = way(in, slope);
    std::memcpy(y + at, &out, 4 * WIDE);
    std::memcpy(slopes + at, &slope, 4 * WIDE);
  }
  in = all(0);
  std::memcpy(&in, x + at, 4 * (count - at));
  out = way(in, slope);
  std::memcpy(y + at, &out, 4 * (count - at));
  std::memcpy(slopes + at, &slope, 4 * (count - at));
}

bool same(Axes one, Axes other) {
  return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin());
}

Error both(Threads threads, bool by_tanh, Array x, Result<float> y, Result<float> slope) {
  if (!same(x.dimensions(), y.dimensions()) || !same(x.dimensions(), slope.dimensions()))
    return misfit("these are not of one gelu");
  const Size count = x.element_count(), vectors = count / WIDE;
  const Size parts = std::clamp<Size>(count / SMALL, 1, PARTS);
  const float* from = x.typed_data();
  float *to = y.typed_data(), *slopes = slope.typed_data();
  return share(threads, parts, [=](Size part) {
    const Size first = vectors * part / parts * WIDE;
    const Size last = part + 1 < parts ? vectors * (part + 1) / parts * WIDE : count;
    const auto way = by_tanh ? compute<approximate> : compute<exact>;
    way(from + first, to + first, slopes + first, last - first);
  });
}

}  // namespace

KSPEC_HANDLER(kspec_gelu, both, "approximate")
