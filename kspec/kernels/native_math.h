// Functions of vectors of float32, to within three units in the last place.
//
// exp(x) is 2^n (1 + p), where n is the whole number next to x / ln 2, and p = exp(rest) - 1 a
// polynomial. What is not a number stays so, and what is too large becomes infinite.
//
// Source: Moshier, Cephes Mathematical Library, 1992: expf, for the parts of ln 2 and p.

#ifndef KSPEC_NATIVE_MATH_H_
#define KSPEC_NATIVE_MATH_H_

#include "native.h"

namespace {

typedef uint32_t Bits __attribute__((vector_size(4 * WIDE), aligned(4)));

inline Vector all(float number) { return Vector{} + number; }

// The numbers between two others, and what is not a number.
inline Vector between(Vector x, float low, float high) {
  x = x < all(low) ? all(low) : x;
  return x > all(high) ? all(high) : x;
}

// n, as the last bits of a float, and p, of numbers up to 2^21 in size.
inline Vector split(Vector x, Bits& n) {
  const float whole = 12582912.0f;  // 1.5 * 2^23: the bits of a number beside it count ones
  const Vector beside = x * 1.44269504f + whole, number = beside - whole;
  const Vector rest = (x - number * 0.693359375f) - number * -2.12194440e-4f;
  n = (Bits)beside;
  Vector p = 1.9875691500e-4f * rest + 1.3981999507e-3f;
  p = p * rest + 8.3334519073e-3f;
  p = p * rest + 4.1665795894e-2f;
  p = p * rest + 1.6666665459e-1f;
  p = p * rest + 5.0000001201e-1f;
  return p * (rest * rest) + rest;
}

// 2^n, for n between -126 and 127.
inline Vector power(Bits n) {
  return (Vector)((n + 127) << 23);
}

inline Vector exp(Vector x) {
  Bits n;
  const Vector p = split(between(x, -104, 89), n);
  const Bits moved = n + 256, half = ((moved & 511) >> 1) - 128;  // n from -151 to 129
  return (power(half) + power(half) * p) * power(n - half);
}

inline Vector sigmoid(Vector x) { return 1.0f / (1.0f + exp(-x)); }

// By exp(2x) - 1, which is exact for small numbers.
inline Vector tanh(Vector x) {
  Bits n;
  const Vector size = x < all(0) ? -x : x, p = split(between(size + size, 0, 20), n);
  const Vector scale = power(n), less = scale * p + (scale - 1.0f), found = less / (less + 2.0f);
  return x < all(0) ? -found : found;
}

// All numbers of a vector as one, by halves.
template <typename Join>
float joined(Vector numbers, Join join) {
  float each[WIDE];
  std::memcpy(each, &numbers, sizeof each);
  for (Size half = WIDE / 2; half; half /= 2)
    for (Size at = 0; at < half; at++) each[at] = join(each[at], each[at + half]);
  return each[0];
}

inline float dot(const float* a, const float* b, Size size) {
  Vector sums = {};
  Size at = 0;
  for (; at + WIDE <= size; at += WIDE)
    sums += *reinterpret_cast<const Vector*>(a + at) * *reinterpret_cast<const Vector*>(b + at);
  float sum = joined(sums, [](float x, float y) { return x + y; });
  for (; at < size; at++) sum += a[at] * b[at];
  return sum;
}

}  // namespace

#endif  // KSPEC_NATIVE_MATH_H_
