// A long short-term memory of float32 over all steps, and its gradients, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. `native_recurrent.h` says how they go along the steps.
//
// Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate: Gers et al.,
// Learning to Forget, 2000.

#include "native_recurrent_back.h"

namespace {

struct Lstm {
  // i, f, g, o; and c is kept with them.
  static constexpr Size GATES = 4, KEEPS = 5, SETS = 1;

  __attribute__((always_inline)) static void settle(const Sizes& s, const Step& step, Size block,
                                                    Vector* sums) {
    for (Size gate = 0; gate < 4; gate++) {
      const Size place = (4 * block + gate) * WIDE;
      sums[gate] += at(step.z + place) + at(step.bias + place);
    }
    const Vector i = sigmoid(sums[0]), f = sigmoid(sums[1]), g = tanh(sums[2]);
    const Vector o = sigmoid(sums[3]);
    const Size first = block * WIDE;
    Vector &c = at(step.c + first), &h = at(step.next + first);
    if (step.counts && !*step.counts) {
      h = at(step.h + first);
    } else {
      c = f * c + i * g;
      h = o * tanh(c);
    }
    store(step.output + first, h, s.units - first);
    if (!step.kept) return;
    float* kept = step.kept + KEEPS * first;
    at(kept) = i, at(kept + WIDE) = f, at(kept + 2 * WIDE) = g, at(kept + 3 * WIDE) = o;
    at(kept + 4 * WIDE) = c;
  }

  static void back(const Sizes& s, const Back& step) {
    for (Size unit = 0; unit < s.units; unit += WIDE) {
      const float* kept = step.kept + KEEPS * unit;
      const Vector i = at(kept), f = at(kept + WIDE), g = at(kept + 2 * WIDE);
      const Vector o = at(kept + 3 * WIDE), t = tanh(at(kept + 4 * WIDE));
      const Vector c = step.kept_before ? at(step.kept_before + KEEPS * unit + 4 * WIDE)
                                        : at(step.first_c + unit);
      const Vector by_h = at(step.of_h + unit);
      const Vector by_c = at(step.of_c + unit) + by_h * (o * (1.0f - t * t));
      const Vector slopes[] = {by_c * (g * i * (1.0f - i)), by_c * (c * f * (1.0f - f)),
                               by_c * (i * (1.0f - g * g)), by_h * (t * o * (1.0f - o))};
      for (int gate = 0; gate < 4; gate++)
        store(step.slopes + place_of(4 * (unit / WIDE) + gate, step.places, 0), slopes[gate],
              s.units - unit);
      at(step.of_h + unit) = Vector{};
      at(step.of_c + unit) = by_c * f;
    }
  }
};

// outputs[rows, steps, units], the last h and c, and what is kept for the way back, or nothing.
Error forward(Threads threads, bool reverse, Array x, Array kernel, Array recurrent, Array bias,
              Array h, Array c, Flags counts, Result<float> outputs, Result<float> last_h,
              Result<float> last_c, Result<float> kept) {
  if (!fit<Lstm>(x, kernel, recurrent, counts)) return misfit();
  const Sizes s = sizes_of<Lstm>(x.dimensions(), recurrent.dimensions(), reverse);
  const bool keeps = kept.element_count();
  for (Axes state : {h.dimensions(), c.dimensions(), last_h.dimensions(), last_c.dimensions()})
    if (!is(state, {s.rows, s.units})) return misfit();
  if (!is(bias.dimensions(), {4 * s.units}) ||
      !is(outputs.dimensions(), {s.rows, s.steps, s.units}) ||
      (keeps && !is(kept.dimensions(), {s.rows, s.steps, s.kept()})))
    return misfit();
  return go_forward<Lstm>(
      threads, s,
      {x.typed_data(), kernel.typed_data(), recurrent.typed_data(), bias.typed_data(),
       h.typed_data(), c.typed_data(), flags(counts), outputs.typed_data(), last_h.typed_data(),
       last_c.typed_data(), keeps ? kept.typed_data() : nullptr});
}

// The gradients of x, the kernels, the bias, and the first h and c.
Error backward(Threads threads, bool reverse, Array x, Array kernel, Array recurrent, Array h,
               Array c, Flags counts, Array outputs, Array kept, Array of_outputs, Array of_last_h,
               Array of_last_c, Result<float> of_x, Result<float> of_kernel,
               Result<float> of_recurrent, Result<float> of_bias, Result<float> of_h,
               Result<float> of_c) {
  if (!fit<Lstm>(x, kernel, recurrent, counts)) return misfit();
  const Sizes s = sizes_of<Lstm>(x.dimensions(), recurrent.dimensions(), reverse);
  for (Axes state : {h.dimensions(), c.dimensions(), of_last_h.dimensions(),
                     of_last_c.dimensions(), of_h.dimensions(), of_c.dimensions()})
    if (!is(state, {s.rows, s.units})) return misfit();
  for (Axes outputs : {outputs.dimensions(), of_outputs.dimensions()})
    if (!is(outputs, {s.rows, s.steps, s.units})) return misfit();
  if (!is(kept.dimensions(), {s.rows, s.steps, s.kept()}) ||
      !is(of_x.dimensions(), {s.rows, s.steps, s.features}) ||
      !is(of_kernel.dimensions(), {s.features, 4 * s.units}) ||
      !is(of_recurrent.dimensions(), {s.units, 4 * s.units}) ||
      !is(of_bias.dimensions(), {4 * s.units}))
    return misfit();
  return go_back<Lstm>(
      threads, s,
      {x.typed_data(), kernel.typed_data(), recurrent.typed_data(), h.typed_data(),
       c.typed_data(), flags(counts), outputs.typed_data(), kept.typed_data(),
       of_outputs.typed_data(), of_last_h.typed_data(), of_last_c.typed_data(),
       of_x.typed_data(), of_h.typed_data(), of_c.typed_data()},
      of_kernel.typed_data(), of_recurrent.typed_data(), of_bias.typed_data());
}

}  // namespace

KSPEC_HANDLER(kspec_lstm, forward, "reverse")
KSPEC_HANDLER(kspec_lstm_gradient, backward, "reverse")
