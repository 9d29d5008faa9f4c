// Attention of float32 and its gradients, for CPUs, without an array of all scores.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. A part of the work is a head of the keys in one example, with the
// heads of the query that share it. It goes over blocks of keys, and keeps of each query the
// logarithm of the sum of its exponentials, from which the backward pass makes the probabilities
// again. Where a step sees earlier keys alone, the blocks behind it are left out.
//
// Source: Dao, FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning,
// 2023.

#include "native_attention.h"

namespace {

constexpr Size BLOCK = 128;      // queries or keys at once: whole panels
constexpr Size BAND = 2 * ROWS;  // rows of a block whose products are taken one after the other

// Scores become the exponentials of what they are above the greatest so far, and are summed up.
// Returns the factor of what was made of those before.
OUTLINED float soften(float* row, Size wide, float& greatest, float& sum) {
  const Vector zero = {};
  Vector most = zero + greatest, sums = zero;
  for (Size at = 0; at < wide; at += WIDE) {
    const Vector x = *reinterpret_cast<Vector*>(row + at);
    most = x > most ? x : most;
  }
  const float before = greatest;
  greatest = joined(most, [](float a, float b) { return std::max(a, b); });
  for (Size at = 0; at < wide; at += WIDE) {
    Vector& x = *reinterpret_cast<Vector*>(row + at);
    x = exp(x - greatest);
    sums += x;
  }
  const float less = exp(zero + (before - greatest))[0];
  const float own = joined(sums, [](float a, float b) { return a + b; });
  sum = sum * less + own;
  return less;
}

void scaled(float* row, Size columns, float by) {
  for (Size at = 0; at < columns; at++) row[at] *= by;
}

// The mixtures of the values, and the logarithms of the sums of exponentials.
struct Mixtures {
  Sizes s;
  const float *q, *k, *v;
  float *y, *logs;

  void operator()(Size part) const {
    static thread_local std::vector<float> turned, laid, sums;
    const Size example = part / s.shared, own = part % s.shared;
    turned.resize(s.size * BLOCK);
    laid.resize(BLOCK * panels(s.width) * PANEL);
    sums.resize(s.group() * s.steps);
    for (Size first = 0; first < s.keys; first += BLOCK) {
      const Size number = std::min(BLOCK, s.keys - first);
      const Size at = (example * s.keys + first) * s.shared + own;
      turn(k + at * s.size, s.key_step(), number, s.size, turned.data());
      lay(v + at * s.width, s.value_step(), number, s.width, laid.data());
      float* sum = sums.data();
      for (Size head = own * s.group(); head < (own + 1) * s.group(); head++, sum += s.steps)
        for (Size row = 0; row < s.steps; row += BAND)
          band(example, head, row, first, number, turned.data(), laid.data(), sum + row);
    }
  }

  // Some queries of a head against a block of keys.
  void band(Size example, Size head, Size row, Size first, Size number, const float* turned,
            const float* laid, float* sum) const {
    const Size rows = std::min(BAND, s.steps - row), visible = s.seen(first, number, row + rows);
    if (!visible) return;
    const bool last = first + number == s.keys || !s.seen(first + number, 1, row + rows);
    const Size place = example * s.steps + row, next = s.result_step();
    const Size wide = panels(visible) * PANEL;
    const float* own = q + place * s.query_step() + head * s.size;
    float* result = y + place * next + head * s.width;
    float* greatest = logs + (example * s.heads + head) * s.steps + row;
    float scores[BAND * BLOCK];
    products({own, s.query_step(), 1, 1, s.size, 0}, rows, turned, s.size * PANEL, scores, BLOCK,
             wide, false);
    for (Size r = 0; r < rows; r++) {
      if (!first) greatest[r] = -__builtin_inff(), sum[r] = 0;
      score(s, example, head, row + r, first, visible, wide, scores + r * BLOCK);
      const float less = soften(scores + r * BLOCK, wide, greatest[r], sum[r]);
      if (first) scaled(result + r * next, s.width, less);
    }
    products({scores, BLOCK, 1, 1, visible, 0}, rows, laid, number * PANEL, result, next, s.width,
             first > 0);
    for (Size r = 0; last && r < rows; r++) {
      scaled(result + r * next, s.width, 1 / sum[r]);
      greatest[r] += __builtin_logf(sum[r]);
    }
  }
};

// From scores, and the slopes of probabilities, the probabilities of a query and the slopes of its
// products with keys. `log` is of the sum of its exponentials, `mean` of the slopes.
OUTLINED void differ(const Sizes& s, float* row, float* slopes, Size seen, Size wide, float log,
                     float mean) {
  if (log <= MASKED) {  // every key is masked
    std::fill(row, row + seen, 1.0f / s.keys);
    std::fill(slopes, slopes + wide, 0.0f);
    return;
  }
  for (Size at = 0; at < wide; at += WIDE) {
    Vector& x = *reinterpret_cast<Vector*>(row + at);
    Vector& slope = *reinterpret_cast<Vector*>(slopes + at);
    x = exp(x - log);
    slope = x * (slope - mean) * s.scale;
  }
}

// The gradients of query, key and value.
struct Gradients {
  Sizes s;
  const float *q, *k, *v, *logs, *y, *slope;
  float *of_q, *of_k, *of_v;

  // What a thread has of a block: probabilities, slopes, and operands as panels.
  struct Room {
    float *chances, *slopes, *k_turned, *v_turned, *k_laid, *q_laid, *slope_laid;
  };

  void operator()(Size part) const {
    const Room room = roomy();
    const Size example = part / s.shared, own = part % s.shared;
    for (Size first = 0; first < s.keys; first += BLOCK) {
      const Size number = std::min(BLOCK, s.keys - first);
      const Size at = (example * s.keys + first) * s.shared + own;
      turn(k + at * s.size, s.key_step(), number, s.size, room.k_turned);
      turn(v + at * s.width, s.value_step(), number, s.width, room.v_turned);
      lay(k + at * s.size, s.key_step(), number, s.size, room.k_laid);
      bool more = false;  // whether there are sums already
      for (Size head = own * s.group(); head < (own + 1) * s.group(); head++)
        for (Size row = 0; row < s.steps; row += BLOCK) {
          if (!s.seen(first, number, std::min(row + BLOCK, s.steps))) continue;
          for_queries(room, example, head, row, first, number);
          for_keys(room, at, row, first, number, more);
          more = true;
        }
      for (Size key = 0; !more && key < number; key++) {  // no step sees them
        std::fill_n(of_k + at * s.size + key * s.key_step(), s.size, 0.0f);
        std::fill_n(of_v + at * s.width + key * s.value_step(), s.width, 0.0f);
      }
    }
  }

  Room roomy() const {
    static thread_local std::vector<float> all;
    const Size size = panels(s.size) * PANEL, width = panels(s.width) * PANEL;
    const Size sizes[] = {BLOCK, BLOCK, s.size, s.width, size, size, width};
    Size total = 0;
    for (Size each : sizes) total += each;
    all.resize(BLOCK * total);
    Room room;
    float* at = all.data();
    float** places[] = {&room.chances, &room.slopes, &room.k_turned,  &room.v_turned,
                        &room.k_laid,  &room.q_laid, &room.slope_laid};
    for (int number = 0; number < 7; at += BLOCK * sizes[number++]) *places[number] = at;
    return room;
  }

  // Probabilities and slopes of a block, and what it adds to the gradient of the query.
  OUTLINED void for_queries(Room room, Size example, Size head, Size row, Size first,
                            Size number) const {
    const Size step = s.query_step(), next = s.result_step();
    const Size rows = std::min(BLOCK, s.steps - row), place = example * s.steps + row;
    const float* queries = q + place * step + head * s.size;
    const float* above = slope + place * next + head * s.width;
    const float* log = logs + (example * s.heads + head) * s.steps + row;
    lay(queries, step, rows, s.size, room.q_laid);
    lay(above, next, rows, s.width, room.slope_laid);
    for (Size band = 0; band < rows; band += BAND) {
      const Size some = std::min(BAND, rows - band);
      const Size visible = s.seen(first, number, row + band + some);
      const Size wide = panels(visible) * PANEL, rest = panels(number) * PANEL - wide;
      float *chance = room.chances + band * BLOCK, *d = room.slopes + band * BLOCK;
      products({queries + band * step, step, 1, 1, s.size, 0}, some, room.k_turned,
               s.size * PANEL, chance, BLOCK, wide, false);
      products({above + band * next, next, 1, 1, s.width, 0}, some, room.v_turned,
               s.width * PANEL, d, BLOCK, wide, false);
      for (Size r = 0; r < some; r++) {
        const Size query = band + r;
        const float* result = y + (place + query) * next + head * s.width;
        float *own = chance + r * BLOCK, *slopes = d + r * BLOCK;
        score(s, example, head, row + query, first, visible, wide, own);
        const float mean = dot(result, above + query * next, s.width);
        differ(s, own, slopes, visible, wide, log[query], mean);
        std::fill_n(own + wide, rest, 0.0f);
        std::fill_n(slopes + wide, rest, 0.0f);
      }
      products({d, BLOCK, 1, 1, visible, 0}, some, room.k_laid, number * PANEL,
               of_q + (place + band) * step + head * s.size, step, s.size, first > 0);
    }
  }

  // What a block adds to the gradients of key and value, which are from `at` on.
  OUTLINED void for_keys(Room room, Size at, Size row, Size first, Size number, bool more) const {
    const Size rows = std::min(BLOCK, s.steps - row);
    for (Size band = 0; band < number; band += BAND) {
      const Size some = std::min(BAND, number - band), from = at + band * s.shared;
      const bool later = s.causal && !s.mask;  // those who see them are at or behind their place
      const Size skip = later ? std::clamp<Size>(first + band - row, 0, rows) : 0;
      const Size start = skip * BLOCK + band, left = rows - skip;
      products({room.chances + start, 1, BLOCK, 1, left, 0}, some, room.slope_laid + skip * PANEL,
               rows * PANEL, of_v + from * s.width, s.value_step(), s.width, more);
      products({room.slopes + start, 1, BLOCK, 1, left, 0}, some, room.q_laid + skip * PANEL,
               rows * PANEL, of_k + from * s.size, s.key_step(), s.size, more);
    }
  }
};

// y[batch, steps, heads, width] and the logarithms, sums[batch, heads, steps].
Error attend(Threads threads, bool causal, float scale, Array query, Array key, Array value,
             Flags mask, Result<float> y, Result<float> sums) {
  Sizes s;
  s.causal = causal, s.scale = scale;
  if (!s.read(query.dimensions(), key.dimensions(), value.dimensions(), mask) ||
      !s.is(y.dimensions(), {s.batch, s.steps, s.heads, s.width}) ||
      !s.is(sums.dimensions(), {s.batch, s.heads, s.steps}))
    return misfit();
  return share(threads, s.batch * s.shared,
               Mixtures{s, query.typed_data(), key.typed_data(), value.typed_data(),
                        y.typed_data(), sums.typed_data()});
}

// The gradients from those of y.
Error differentiate(Threads threads, bool causal, float scale, Array query, Array key, Array value,
                    Flags mask, Array sums, Array y, Array slope, Result<float> of_q,
                    Result<float> of_k, Result<float> of_v) {
  Sizes s;
  s.causal = causal, s.scale = scale;
  if (!s.read(query.dimensions(), key.dimensions(), value.dimensions(), mask) ||
      !s.is(y.dimensions(), {s.batch, s.steps, s.heads, s.width}) ||
      !s.is(slope.dimensions(), {s.batch, s.steps, s.heads, s.width}) ||
      !s.is(sums.dimensions(), {s.batch, s.heads, s.steps}) ||
      !s.is(of_q.dimensions(), {s.batch, s.steps, s.heads, s.size}) ||
      !s.is(of_k.dimensions(), {s.batch, s.keys, s.shared, s.size}) ||
      !s.is(of_v.dimensions(), {s.batch, s.keys, s.shared, s.width}))
    return misfit();
  return share(threads, s.batch * s.shared,
               Gradients{s, query.typed_data(), key.typed_data(), value.typed_data(),
                         sums.typed_data(), y.typed_data(), slope.typed_data(),
                         of_q.typed_data(), of_k.typed_data(), of_v.typed_data()});
}

}  // namespace

KSPEC_HANDLER(kspec_attention, attend, "causal", "scale")
KSPEC_HANDLER(kspec_attention_gradients, differentiate, "causal", "scale")
