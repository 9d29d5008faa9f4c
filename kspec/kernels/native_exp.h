// The exponential function of vectors of float32, and what becomes one number of them.
//
// Source: Moshier, Cephes Mathematical Library, expf: 2**n times a polynomial around 0.

#ifndef KSPEC_NATIVE_EXP_H_
#define KSPEC_NATIVE_EXP_H_

#include "native.h"

namespace {

typedef int32_t Integers __attribute__((vector_size(4 * WIDE), aligned(4)));

// `other` where the mask is all ones, and `one` where it is 0.
inline Vector pick(Integers mask, Vector other, Vector one) {
  return (Vector)((mask & (Integers)other) | (~mask & (Integers)one));
}

// exp(x), 0 below the logarithm of the smallest normal number.
inline Vector exponential(Vector x) {
  const Vector zero = {};
  const Vector least = zero - 87.3f, most = zero + 88.72283f, magic = zero + 12582912.0f;
  const Integers below = x < least, above = x > most;
  x = pick(below, least, pick(above, most, x));
  const Vector shifted = x * 1.44269504f + magic;  // its last bits are the whole number n
  const Vector n = shifted - magic;
  const Vector r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Vector sum = 1.9875691500e-4f * r + 1.3981999507e-3f;
  sum = sum * r + 8.3334519073e-3f;
  sum = sum * r + 4.1665795894e-2f;
  sum = sum * r + 1.6666665459e-1f;
  sum = sum * r + 5.0000001201e-1f;
  sum = sum * (r * r) + r + 1.0f;
  const Vector y = (Vector)((Integers)sum + ((Integers)shifted << 23));
  return pick(below, zero, pick(above, zero + __builtin_inff(), y));
}

// All numbers of a vector as one, by halves.
template <typename Join>
float joined(Vector all, Join join) {
  float each[WIDE];
  std::memcpy(each, &all, sizeof(all));
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

#endif  // KSPEC_NATIVE_EXP_H_
