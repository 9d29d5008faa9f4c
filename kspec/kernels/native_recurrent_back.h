// The way back of kspec's recurrent layers for CPUs: see `native_recurrent.h`.

#ifndef KSPEC_NATIVE_RECURRENT_BACK_H_
#define KSPEC_NATIVE_RECURRENT_BACK_H_

#include "native_recurrent.h"

namespace {

// A step back with a row: what was kept of it and of the step before (null at the first one), and
// the states before, where c is that of the first step. `of_h` and `of_c` have the gradients of the
// states behind the step, and get those before it, but for what comes through products: slopes of
// the gates are panels of so many places. The recurrent product may have slopes of its own.
struct Back {
  const float *kept, *kept_before, *h, *first_c;
  float *of_h, *of_c, *slopes, *recurrent_slopes;
  Size places;
};

// The arrays of the way back; kernels are turned around and packed.
struct Backward {
  const float *x, *kernel, *recurrent, *h, *c;
  const bool* counts;
  const float *outputs, *kept, *of_outputs, *of_last_h, *of_last_c;
  float *of_x, *of_h, *of_c;
};

// Some steps, which stand one behind the other from `start`, of rows from `first`.
struct Span {
  Size first, rows, start, steps;

  Size places() const { return rows * steps; }
};

// Rows on their way back. Slopes are panels[wide / PANEL][rows][steps][PANEL].
struct Returning {
  const Sizes& s;
  const Backward& way;
  float *by_h, *by_c, *through, *first_c, *before, *slopes, *recurrent_slopes;

  static Size room(const Sizes& s, Size rows) {
    return rows * (4 * s.padded() + s.span() * (s.units + s.sets * s.wide()));
  }

  Returning(const Sizes& s, const Backward& way, Size rows, float* room) : s(s), way(way) {
    const Size state = rows * s.padded(), places = rows * s.span();
    by_h = room, by_c = by_h + state, through = by_c + state, first_c = through + state;
    before = first_c + state, slopes = before + places * s.units;
    recurrent_slopes = slopes + (s.sets - 1) * places * s.wide();
  }

  bool counts(Size row, Size step) const {
    return !way.counts || way.counts[row * s.steps + s.at(step)];
  }

  // h before each step: [rows][steps][units].
  void find_before(const Span& span) const {
    const bool edge = s.reverse ? span.start + span.steps == s.steps : span.start == 0;
    const Size count = span.steps - edge, skipped = edge && !s.reverse;
    for (Size row = 0; row < span.rows; row++) {
      const Size place = (span.first + row) * s.steps + span.start + skipped;
      float* to = before + row * span.steps * s.units;
      std::memcpy(to + skipped * s.units, way.outputs + (place + (s.reverse ? 1 : -1)) * s.units,
                  4 * count * s.units);
      if (edge)
        std::memcpy(to + (s.reverse ? count : 0) * s.units,
                    way.h + (span.first + row) * s.units, 4 * s.units);
    }
  }

  template <class Cell>
  void take_step(const Span& span, Size step) const {
    const Size here = s.at(step) - span.start;
    for (Size r = 0; r < span.rows; r++) {
      const Size row = (span.first + r) * s.steps, place = row + s.at(step);
      const Size own = r * span.steps + here, state = r * s.padded();
      const float* of_output = way.of_outputs + place * s.units;
      for (Size unit = 0; unit < s.units; unit++) by_h[state + unit] += of_output[unit];
      if (!counts(span.first + r, step)) continue;
      const float* kept_before = step ? way.kept + (row + s.at(step - 1)) * s.kept() : nullptr;
      Cell::back(s, {way.kept + place * s.kept(), kept_before, before + own * s.units,
                     first_c + state, by_h + state, by_c + state, slopes + own * PANEL,
                     recurrent_slopes + own * PANEL, span.places()});
    }
    const Left left{recurrent_slopes + here * PANEL, span.steps * PANEL, 1, s.wide() / PANEL,
                    PANEL, span.places() * PANEL};
    for (Size panel = 0; panel < panels(s.units); panel++)
      multiply(left, span.rows, way.recurrent + panel * s.wide() * PANEL, through + panel * PANEL,
               s.padded(), std::min(PANEL, s.units - panel * PANEL), false);
    for (Size r = 0; r < span.rows; r++)
      if (counts(span.first + r, step))
        for (Size at = r * s.padded(); at < r * s.padded() + s.units; at++) by_h[at] += through[at];
  }

  // The gradient of the inputs.
  void find_inputs(const Span& span) const {
    for (Size panel = 0; panel < panels(s.features); panel++)
      for (Size r = 0; r < span.rows; r++) {
        const Left left{slopes + r * span.steps * PANEL, PANEL, 1, s.wide() / PANEL, PANEL,
                        span.places() * PANEL};
        const Size place = (span.first + r) * s.steps + span.start;
        multiply(left, span.steps, way.kernel + panel * s.wide() * PANEL,
                 way.of_x + place * s.features + panel * PANEL, s.features,
                 std::min(PANEL, s.features - panel * PANEL), false);
      }
  }

  // Those of the kernels and of the bias, added to the sums.
  void add(const Span& span, float* sums) const {
    const Size places = span.places(), wide = s.wide();
    const float* x = way.x + (span.first * s.steps + span.start) * s.features;
    const Left inputs{x, 1, s.features, span.rows, span.steps, s.steps * s.features};
    const Left states{before, 1, s.units, 1, places, 0};
    float *of_states = sums + s.features * wide, *of_bias = of_states + s.units * wide;
    for (Size panel = 0; panel < wide / PANEL; panel++) {
      const Size from = panel * places * PANEL, to = panel * PANEL;
      multiply(inputs, s.features, slopes + from, sums + to, wide, PANEL, true);
      multiply(states, s.units, recurrent_slopes + from, of_states + to, wide, PANEL, true);
      for (Size place = 0; place < places; place++)
        for (Size number = 0; number < PANEL; number++) {
          of_bias[to + number] += slopes[from + place * PANEL + number];
          if (s.sets > 1)
            of_bias[wide + to + number] += recurrent_slopes[from + place * PANEL + number];
        }
    }
  }

  template <class Cell>
  void run(Size first, Size rows, float* sums) const {
    const Size own = first * s.units;
    copy_rows(way.of_last_h + own, s.units, by_h, s.padded(), rows, s.units);
    if (way.c) {
      copy_rows(way.of_last_c + own, s.units, by_c, s.padded(), rows, s.units);
      copy_rows(way.c + own, s.units, first_c, s.padded(), rows, s.units);
    }
    for (Size number = s.spans() - 1; number >= 0; number--) {
      const Size from = s.first(number), to = s.first(number + 1);
      const Span span{first, rows, std::min(s.at(from), s.at(to - 1)), to - from};
      std::fill(slopes, recurrent_slopes + rows * s.span() * s.wide(), 0.0f);
      find_before(span);
      for (Size step = to - 1; step >= from; step--) take_step<Cell>(span, step);
      find_inputs(span);
      add(span, sums);
    }
    copy_rows(by_h, s.padded(), way.of_h + own, s.units, rows, s.units);
    if (way.c) copy_rows(by_c, s.padded(), way.of_c + own, s.units, rows, s.units);
  }
};

// All rows back, by weights as they are, and the gradients of the kernels and of the bias.
template <class Cell>
Error go_back(const Threads& threads, const Sizes& s, Backward way, float* of_kernel,
                   float* of_recurrent, float* of_bias) {
  const Size of_inputs = panels(s.features) * PANEL * s.wide(), size = s.weights();
  std::vector<float> packed(of_inputs + panels(s.units) * PANEL * s.wide());
  pack_turned(s, way.kernel, s.features, packed.data());
  pack_turned(s, way.recurrent, s.units, packed.data() + of_inputs);
  way.kernel = packed.data(), way.recurrent = packed.data() + of_inputs;
  const Size parts = std::min(parts_of(s, threads), std::max<Size>(1, LARGEST / (4 * size)));
  std::vector<float> sums(parts * size);
  const Error error = share(threads, parts, [&](Size part) {
    static thread_local std::vector<float> room;
    const Size first = s.rows * part / parts, rows = s.rows * (part + 1) / parts - first;
    const Size turns = (rows + MOST - 1) / MOST;
    for (Size turn = 0; turn < turns; turn++) {
      const Size from = rows * turn / turns, count = rows * (turn + 1) / turns - from;
      room.assign(Returning::room(s, count), 0.0f);
      Returning(s, way, count, room.data()).run<Cell>(first + from, count, &sums[part * size]);
    }
  });
  if (error.failed()) return error;
  return share(threads, size / s.wide(), [&](Size row) {
    const Size state = row - s.features, bias = state - s.units, columns = s.gates * s.units;
    float* to = state < 0  ? of_kernel + row * columns
                : bias < 0 ? of_recurrent + state * columns
                           : of_bias + bias * columns;
    for (Size place = 0; place < s.wide(); place++) {
      float sum = 0;
      for (Size part = 0; part < parts; part++) sum += sums[part * size + row * s.wide() + place];
      if (const Size found = column(s, place); found >= 0) to[found] = sum;
    }
  });
}

}  // namespace

#endif  // KSPEC_NATIVE_RECURRENT_BACK_H_
