// Gated recurrent units of float32 over all steps, and their gradients, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. `native_recurrent.h` says how they go along the steps. The reset gate
// comes behind the recurrent product, so that its slopes are not all those of the inputs' product.
//
// Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

#include "native_recurrent_back.h"

namespace {

struct Gru {
  // z, r, n; and n's part of the recurrent product is kept with them. Bias: of x, and of h.
  static constexpr Size GATES = 3, KEEPS = 4, SETS = 2;

  __attribute__((always_inline)) static void settle(const Sizes& s, const Step& step, Size block,
                                                    Vector* sums) {
    const float *x = step.z + 3 * block * WIDE, *bias = step.bias + 3 * block * WIDE;
    const float* offset = bias + s.wide();
    const Vector z = sigmoid(sums[0] + at(offset) + (at(x) + at(bias)));
    const Vector r = sigmoid(sums[1] + at(offset + WIDE) + (at(x + WIDE) + at(bias + WIDE)));
    const Vector of_h = sums[2] + at(offset + 2 * WIDE);
    const Vector n = tanh(at(x + 2 * WIDE) + at(bias + 2 * WIDE) + r * of_h);
    const Size first = block * WIDE;
    const Vector before = at(step.h + first);
    const bool counts = !step.counts || *step.counts;
    const Vector h = counts ? z * before + (1.0f - z) * n : before;
    at(step.next + first) = h;
    store(step.output + first, h, s.units - first);
    if (!step.kept) return;
    float* kept = step.kept + KEEPS * first;
    at(kept) = z, at(kept + WIDE) = r, at(kept + 2 * WIDE) = n, at(kept + 3 * WIDE) = of_h;
  }

  static void back(const Sizes& s, const Back& step) {
    for (Size unit = 0; unit < s.units; unit += WIDE) {
      const Size count = s.units - unit;
      const float* kept = step.kept + KEEPS * unit;
      const Vector z = at(kept), r = at(kept + WIDE), n = at(kept + 2 * WIDE);
      const Vector of_h = at(kept + 3 * WIDE), before = load(step.h + unit, count);
      const Vector by_h = at(step.of_h + unit), by_n = by_h * ((1.0f - z) * (1.0f - n * n));
      const Vector by_z = by_h * ((before - n) * z * (1.0f - z));
      const Vector by_r = by_n * (of_h * r * (1.0f - r));
      for (float* slopes : {step.slopes, step.recurrent_slopes}) {
        const Vector third = slopes == step.slopes ? by_n : by_n * r;
        const Size vector = 3 * (unit / WIDE);
        store(slopes + place_of(vector, step.places, 0), by_z, count);
        store(slopes + place_of(vector + 1, step.places, 0), by_r, count);
        store(slopes + place_of(vector + 2, step.places, 0), third, count);
      }
      at(step.of_h + unit) = by_h * z;
    }
  }
};

// outputs[rows, steps, units], the last h, and what is kept for the way back, or nothing.
Error forward(Threads threads, bool reverse, Array x, Array kernel, Array recurrent, Array bias,
              Array h, Flags counts, Result<float> outputs, Result<float> last,
              Result<float> kept) {
  if (!fit<Gru>(x, kernel, recurrent, counts)) return misfit();
  const Sizes s = sizes_of<Gru>(x.dimensions(), recurrent.dimensions(), reverse);
  const bool keeps = kept.element_count();
  if (!is(h.dimensions(), {s.rows, s.units}) || !is(last.dimensions(), {s.rows, s.units}) ||
      !is(bias.dimensions(), {2, 3 * s.units}) ||
      !is(outputs.dimensions(), {s.rows, s.steps, s.units}) ||
      (keeps && !is(kept.dimensions(), {s.rows, s.steps, s.kept()})))
    return misfit();
  return go_forward<Gru>(threads, s,
                         {x.typed_data(), kernel.typed_data(), recurrent.typed_data(),
                          bias.typed_data(), h.typed_data(), nullptr, flags(counts),
                          outputs.typed_data(), last.typed_data(), nullptr,
                          keeps ? kept.typed_data() : nullptr});
}

// The gradients of x, the kernels, the bias, and the first h.
Error backward(Threads threads, bool reverse, Array x, Array kernel, Array recurrent, Array h,
               Flags counts, Array outputs, Array kept, Array of_outputs, Array of_last,
               Result<float> of_x, Result<float> of_kernel, Result<float> of_recurrent,
               Result<float> of_bias, Result<float> of_h) {
  if (!fit<Gru>(x, kernel, recurrent, counts)) return misfit();
  const Sizes s = sizes_of<Gru>(x.dimensions(), recurrent.dimensions(), reverse);
  for (Axes state : {h.dimensions(), of_last.dimensions(), of_h.dimensions()})
    if (!is(state, {s.rows, s.units})) return misfit();
  for (Axes outputs : {outputs.dimensions(), of_outputs.dimensions()})
    if (!is(outputs, {s.rows, s.steps, s.units})) return misfit();
  if (!is(kept.dimensions(), {s.rows, s.steps, s.kept()}) ||
      !is(of_x.dimensions(), {s.rows, s.steps, s.features}) ||
      !is(of_kernel.dimensions(), {s.features, 3 * s.units}) ||
      !is(of_recurrent.dimensions(), {s.units, 3 * s.units}) ||
      !is(of_bias.dimensions(), {2, 3 * s.units}))
    return misfit();
  return go_back<Gru>(threads, s,
                      {x.typed_data(), kernel.typed_data(), recurrent.typed_data(),
                       h.typed_data(), nullptr, flags(counts), outputs.typed_data(),
                       kept.typed_data(), of_outputs.typed_data(), of_last.typed_data(), nullptr,
                       of_x.typed_data(), of_h.typed_data(), nullptr},
                      of_kernel.typed_data(), of_recurrent.typed_data(),
                      of_bias.typed_data());
}

}  // namespace

KSPEC_HANDLER(kspec_gru, forward, "reverse")
KSPEC_HANDLER(kspec_gru_gradient, backward, "reverse")
