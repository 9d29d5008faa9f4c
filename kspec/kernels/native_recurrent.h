// What kspec's recurrent layers for CPUs share: loops of float32 over all steps, and back.
//
// Examples do not need each other, so threads share them, and each part of them goes along all
// steps by itself, in spans of some steps: the inputs of a span meet their kernel in one product,
// while its numbers are in the cache. The gates of WIDE units, a block, stand side by side, so that
// what a cell makes of its sums is computed while those are in registers. The way back has what it
// needs of a span together, too: gradients of inputs and kernels are products behind its steps.
//
// A cell has its numbers of GATES, of SETS of slopes, and of vectors that it KEEPS of a block for
// the way back. `Cell::settle` goes a step with a block of a row, `Cell::back` one back with all of
// a row. Beside h there may be a second state, c.

#ifndef KSPEC_NATIVE_RECURRENT_H_
#define KSPEC_NATIVE_RECURRENT_H_

#include <initializer_list>

#include "native_math.h"

namespace {

constexpr Size MOST = 12;                         // rows of a part at a time
constexpr Size LONGEST = 28, IN_CACHE = 1 << 17;  // steps of a span, and numbers of its gates
constexpr Size LARGEST = 64 << 20;                // bytes of the sums of all parts together

Size rounded(Size number, Size by) { return (number + by - 1) / by * by; }

// Sizes of x[rows, steps, features], and of the cell.
struct Sizes {
  Size rows, steps, features, units, gates, keeps, sets;
  bool reverse;

  Size blocks() const { return (units + WIDE - 1) / WIDE; }
  Size padded() const { return blocks() * WIDE; }                          // numbers of a state
  Size wide() const { return rounded(gates * blocks() * WIDE, PANEL); }    // those of all gates
  Size kept() const { return keeps * rounded(units, 16); }                 // kept of a step
  Size weights() const { return (features + units + sets) * wide(); }      // with those of the bias
  Size at(Size step) const { return reverse ? steps - 1 - step : step; }   // where a step stands
  Size span() const { return std::clamp<Size>(IN_CACHE / (MOST * wide()), ROWS, LONGEST); }
  Size spans() const { return (steps + span() - 1) / span(); }
  Size first(Size number) const { return steps * number / spans(); }       // step of a span
};

template <class Cell>
Sizes sizes_of(Axes x, Axes recurrent, bool reverse) {
  return {x[0], x[1], x[2], recurrent[0], Cell::GATES, Cell::KEEPS, Cell::SETS, reverse};
}

Vector& at(float* place) { return *reinterpret_cast<Vector*>(place); }
const Vector& at(const float* place) { return *reinterpret_cast<const Vector*>(place); }

// As many numbers as there are, of a vector.
inline Vector load(const float* from, Size count) {
  if (count >= WIDE) return at(from);
  Vector found = {};
  std::memcpy(&found, from, 4 * count);
  return found;
}

inline void store(float* to, Vector numbers, Size count) {
  if (count >= WIDE)
    at(to) = numbers;
  else
    std::memcpy(to, &numbers, 4 * count);
}

// The vector of a gate and a block, in the row `row` of panels of so many rows.
Size place_of(Size vector, Size rows, Size row) {
  return (vector / 2 * rows + row) * PANEL + vector % 2 * WIDE;
}

// Which column of a kernel is at a place of a row of all gates; -1 if none is.
Size column(const Sizes& s, Size place) {
  const Size block = place / WIDE / s.gates, gate = place / WIDE % s.gates;
  const Size unit = block * WIDE + place % WIDE;
  return unit < s.units ? gate * s.units + unit : -1;
}

// A kernel [rows, gates * units] as panels[wide / PANEL][rows][PANEL], with zeros for no unit.
void pack_gates(const Sizes& s, const float* from, Size rows, float* to) {
  for (Size vector = 0; vector < s.wide() / WIDE; vector++) {
    const Size first = column(s, vector * WIDE);
    const Size count = first < 0 ? 0 : s.units - vector / s.gates * WIDE;
    for (Size row = 0; row < rows; row++)
      at(to + place_of(vector, rows, row)) =
          load(from + row * s.gates * s.units + std::max<Size>(first, 0), count);
  }
}

// The same kernel the other way around: panels[rows / PANEL][wide][PANEL].
void pack_turned(const Sizes& s, const float* from, Size rows, float* to) {
  for (Size first = 0; first < rows; first += PANEL)
    for (Size place = 0; place < s.wide(); place++, to += PANEL) {
      const Size found = column(s, place), count = found < 0 ? 0 : std::min(PANEL, rows - first);
      std::fill(to + count, to + PANEL, 0.0f);
      for (Size row = 0; row < count; row++)
        to[row] = from[(first + row) * s.gates * s.units + found];
    }
}

// What a step reads and writes: states of padded rows, and arrays with strides of a row. `bias` is
// of all gates; `kept` is null if there is no way back, `counts` if all steps do.
struct Step {
  const float *z, *bias, *weights, *h;
  float *c, *next, *output, *kept;
  const bool* counts;
  Size of_z, of_output, of_kept, of_counts;

  Step from(const Sizes& s, Size row) const {
    Step found = *this;
    found.z += row * of_z, found.output += row * of_output;
    found.h += row * s.padded(), found.c += row * s.padded(), found.next += row * s.padded();
    if (kept) found.kept += row * of_kept;
    if (counts) found.counts += row * of_counts;
    return found;
  }
};

// The products of h and the weights of a block, and what the cell makes of them.
template <class Cell, int R>
void step_block(const Sizes& s, const Step& step, Size block) {
  constexpr int GATES = Cell::GATES;
  Vector sums[R][GATES] = {};
  const float* weights[GATES];
  for (int gate = 0; gate < GATES; gate++)
    weights[gate] = step.weights + place_of(block * GATES + gate, s.units, 0);
  for (Size k = 0; k < s.units; k++) {
    Vector right[GATES];
    for (int gate = 0; gate < GATES; gate++) keep(right[gate] = at(weights[gate] + k * PANEL));
    for (int r = 0; r < R; r++) {
      const float h = step.h[r * s.padded() + k];
      for (int gate = 0; gate < GATES; gate++) sums[r][gate] += h * right[gate];
    }
  }
  for (int r = 0; r < R; r++) Cell::settle(s, step.from(s, r), block, sums[r]);
}

using StepBlock = void (*)(const Sizes&, const Step&, Size);

template <class Cell, int... R>
StepBlock step_of(Size rows, std::integer_sequence<int, R...>) {
  static constexpr StepBlock known[] = {step_block<Cell, R + 1>...};
  return known[rows - 1];
}

// A step of the rows of a part: tiles of about equal size, each with all blocks.
template <class Cell>
void take_step(const Sizes& s, const Step& all, Size rows) {
  // As many rows of a tile that sums, weights of all gates, and a number of h fit in registers.
  constexpr Size together = std::min<Size>(6, (REGISTERS - 1) / Cell::GATES - 1);
  const std::make_integer_sequence<int, together> sizes;
  const Size count = (rows + together - 1) / together, each = (rows + count - 1) / count;
  for (Size row = 0; row < rows; row += each) {
    const Step step = all.from(s, row);
    const StepBlock fit = step_of<Cell>(std::min(each, rows - row), sizes);
    for (Size block = 0; block < s.blocks(); block++) fit(s, step, block);
  }
}

// States [rows, units] to padded rows, or back; there may be none.
void copy_rows(const float* from, Size of_from, float* to, Size of_to, Size rows, Size units) {
  for (Size row = 0; from && to && row < rows; row++)
    std::memcpy(to + row * of_to, from + row * of_from, 4 * units);
}

// How many parts the rows make: so many for each thread that none has more than MOST rows.
Size parts_of(const Sizes& s, const Threads& threads) {
  const Size count = threads.count(), each = (s.rows + count - 1) / count;
  return std::min(s.rows, count * ((each + MOST - 1) / MOST));
}

bool is(Axes axes, std::initializer_list<Size> wanted) {
  return std::equal(axes.begin(), axes.end(), wanted.begin(), wanted.end());
}

// Whether these are arrays of one loop: they are, unless somebody has changed the program.
template <class Cell>
bool fit(const Array& x, const Array& kernel, const Array& recurrent, const Flags& counts) {
  const Axes axes = x.dimensions(), of_recurrent = recurrent.dimensions();
  if (axes.size() != 3 || of_recurrent.size() != 2) return false;
  const Size units = of_recurrent[0];
  if (std::min({axes[0], axes[1], axes[2], units}) < 1) return false;
  return is(kernel.dimensions(), {axes[2], Cell::GATES * units}) &&
         is(of_recurrent, {units, Cell::GATES * units}) &&
         (!counts.element_count() || is(counts.dimensions(), {axes[0], axes[1]}));
}

const bool* flags(const Flags& counts) {
  return counts.element_count() ? counts.typed_data() : nullptr;
}

Error misfit() { return misfit("these are not of one loop"); }

// The arrays of the way forward: h and maybe c, before and behind it.
struct Forward {
  const float *x, *kernel, *recurrent, *bias, *h, *c;
  const bool* counts;
  float *outputs, *last_h, *last_c, *kept;

  // Rows `first` to `last` along all steps, by weights that are packed.
  template <class Cell>
  void run(const Sizes& s, Size first, Size last) const {
    static thread_local std::vector<float> room;
    const Size rows = last - first, padded = s.padded(), state = rows * padded;
    const Size of_z = s.span() * s.wide(), own = first * s.units;
    room.assign(3 * state + rows * of_z, 0.0f);
    float *now = room.data(), *next = now + state, *own_c = next + state, *z = own_c + state;
    copy_rows(h + own, s.units, now, padded, rows, s.units);
    copy_rows(c ? c + own : c, s.units, own_c, padded, rows, s.units);
    for (Size span = 0; span < s.spans(); span++) {
      const Size from = s.first(span), to = s.first(span + 1);
      const Size start = std::min(s.at(from), s.at(to - 1));  // where its steps stand
      for (Size panel = 0; panel < s.wide() / PANEL; panel++)
        for (Size r = 0; r < rows; r++) {
          const float* inputs = x + ((first + r) * s.steps + start) * s.features;
          multiply({inputs, s.features, 1, 1, s.features, 0}, to - from,
                   kernel + panel * s.features * PANEL, z + r * of_z + panel * PANEL, s.wide(),
                   PANEL, false);
        }
      for (Size step = from; step < to; step++, std::swap(now, next)) {
        const Size here = s.at(step), place = first * s.steps + here;
        take_step<Cell>(s,
                        {z + (here - start) * s.wide(), bias, recurrent, now, own_c, next,
                         outputs + place * s.units, kept ? kept + place * s.kept() : nullptr,
                         counts ? counts + place : nullptr, of_z, s.steps * s.units,
                         s.steps * s.kept(), s.steps},
                        rows);
      }
    }
    copy_rows(now, padded, last_h + own, s.units, rows, s.units);
    copy_rows(own_c, padded, last_c ? last_c + own : last_c, s.units, rows, s.units);
  }
};

// All rows forward, by weights as they are.
template <class Cell>
Error go_forward(const Threads& threads, const Sizes& s, Forward all) {
  std::vector<float> packed(s.weights());
  float *of_x = packed.data(), *of_h = of_x + s.features * s.wide();
  float* offsets = of_h + s.units * s.wide();
  pack_gates(s, all.kernel, s.features, of_x);
  pack_gates(s, all.recurrent, s.units, of_h);
  for (Size set = 0; set < s.sets; set++)
    pack_gates(s, all.bias + set * s.gates * s.units, 1, offsets + set * s.wide());
  all.kernel = of_x, all.recurrent = of_h, all.bias = offsets;
  const Size parts = parts_of(s, threads);
  return share(threads, parts, [&](Size part) {
    all.run<Cell>(s, s.rows * part / parts, s.rows * (part + 1) / parts);
  });
}

}  // namespace

#endif  // KSPEC_NATIVE_RECURRENT_H_
