// Sizes of attention with their checks, and the scores of a query.

#ifndef KSPEC_NATIVE_ATTENTION_H_
#define KSPEC_NATIVE_ATTENTION_H_

#include <initializer_list>

#include "native_math.h"
#include "native_panels.h"

namespace {

constexpr float MASKED = -0.7f * 3.40282347e+38f;  // the score of what is masked, as in JAX

// Sizes of attention: query[batch, steps, heads, size], key[batch, keys, shared, size],
// value[batch, keys, shared, width], and a mask that may have 1 for any of its axes.
struct Sizes {
  Size batch = 0, steps = 0, heads = 0, size = 0, keys = 0, shared = 0, width = 0;
  Size over[4] = {};  // how far apart the mask's numbers are on each axis
  const uint8_t* mask = nullptr;
  bool causal = false;
  float scale = 0;

  Size group() const { return heads / shared; }
  Size query_step() const { return heads * size; }
  Size result_step() const { return heads * width; }
  Size key_step() const { return shared * size; }
  Size value_step() const { return shared * width; }

  // Whether arrays are of one attention: they are, unless somebody has changed the program.
  bool read(Axes query, Axes key, Axes value, const Flags& masks) {
    for (Axes axes : {query, key, value}) {
      if (axes.size() != 4) return false;
      if (std::any_of(axes.begin(), axes.end(), [](Size each) { return each < 1; })) return false;
    }
    batch = query[0], steps = query[1], heads = query[2], size = query[3];
    keys = key[1], shared = key[2], width = value[3];
    return is(key, {batch, keys, shared, size}) && is(value, {batch, keys, shared, width}) &&
           heads % shared == 0 && read(masks);
  }

  // A mask without numbers is none.
  bool read(const Flags& masks) {
    const Axes axes = masks.dimensions();
    const Size full[] = {batch, heads, steps, keys};
    if (axes.size() != 4) return false;
    if (!masks.element_count()) return true;
    Size apart = 1;
    for (int axis = 3; axis >= 0; apart *= axes[axis--]) {
      if (axes[axis] != full[axis] && axes[axis] != 1) return false;
      over[axis] = axes[axis] == 1 ? 0 : apart;
    }
    mask = reinterpret_cast<const uint8_t*>(masks.typed_data());
    return true;
  }

  static bool is(Axes axes, std::initializer_list<Size> sizes) {
    return std::equal(axes.begin(), axes.end(), sizes.begin(), sizes.end());
  }

  // How many of `number` keys from `first` on the queries before `last` look at: all under a mask,
  // since where that hides every key, the result is the mean of the values.
  Size seen(Size first, Size number, Size last) const {
    return causal && !mask ? std::clamp<Size>(last - first, 0, number) : number;
  }
};

inline Error misfit() { return misfit("these are not of one attention"); }

// A query's products with `number` keys from `first` on become scores: times the scale, and with
// the mask; up to `wide` they are the logarithm of 0.
OUTLINED void score(const Sizes& s, Size example, Size head, Size query, Size first, Size number,
                    Size wide, float* row) {
  for (Size at = 0; at < wide; at += WIDE) *reinterpret_cast<Vector*>(row + at) *= s.scale;
  const Size visible = s.causal ? std::clamp<Size>(query + 1 - first, 0, number) : number;
  if (s.mask) {
    const uint8_t* own = s.mask + example * s.over[0] + head * s.over[1] + query * s.over[2];
    if (s.over[3]) {
      own += first;
      for (Size at = 0; at < visible; at++) row[at] = own[at] ? row[at] : MASKED;
    } else if (!*own) {
      std::fill(row, row + visible, MASKED);
    }
    std::fill(row + visible, row + number, MASKED);
  }
  const Size end = s.mask ? number : visible;
  std::fill(row + end, row + wide, -__builtin_inff());
}

}  // namespace

#endif  // KSPEC_NATIVE_ATTENTION_H_
