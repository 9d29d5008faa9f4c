// Convolutions by 1 of float32 images, channels last, and the gradients of their kernels, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. Both are sums of products that stay in registers: a tile has up to
// ROWS places of an output row (or weights of a kernel row), and up to two vectors of filters. In
// images as they are, the numbers under a row of a window stand side by side, so nothing is
// unrolled; what the tile multiplies with (the kernel, or the slopes) is packed into panels of
// two vectors. Threads of XLA share the work, in parts that do not depend on who takes them: the
// same machine always gives the same bits.
//
// Source: Georganas et al., Anatomy of High-Performance Deep Learning Convolutions on SIMD
// Architectures, 2018, for tiles of places and filters; Goto and van de Geijn, Anatomy of
// High-Performance Matrix Multiplication, 2008, for panels.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace {

namespace ffi = xla::ffi;
using Array = ffi::Buffer<ffi::F32>;
using Size = int64_t;

// Numbers of a vector, and rows of a tile: as many as registers have room for.
#if defined(__AVX512F__)
constexpr Size WIDE = 16, ROWS = 14;
#elif defined(__AVX__)
constexpr Size WIDE = 8, ROWS = 6;
#elif defined(__aarch64__)
constexpr Size WIDE = 4, ROWS = 14;
#else
constexpr Size WIDE = 4, ROWS = 6;
#endif
constexpr Size PANEL = 2 * WIDE;
constexpr Size LARGEST = 64 << 20;  // bytes of the sums of all threads together

typedef float Vector __attribute__((vector_size(4 * WIDE), aligned(4)));

// The left operand of a tile, and how many products it adds up: `runs` times `length`, from
// `runs` places that are `leap` apart. Rows are `row` apart, and the products of a run `next`.
struct Left {
  const float* at;
  Size row, next, runs, length, leap;
};

// to[R, columns] = or += left times a panel, which has a vector of each product's row, or two.
template <int R, int VECTORS>
void tile(Left left, const float* panel, float* to, Size apart, Size columns, bool add) {
  Vector sums[R][VECTORS] = {};
  for (Size run = 0; run < left.runs; run++) {
    const float* a = left.at + run * left.leap;
    for (Size k = 0; k < left.length; k++, a += left.next, panel += PANEL) {
      const Vector first = *reinterpret_cast<const Vector*>(panel);
      const Vector second = *reinterpret_cast<const Vector*>(panel + (VECTORS - 1) * WIDE);
      for (int r = 0; r < R; r++) {
        const float scale = a[r * left.row];
        sums[r][0] += scale * first;
        if (VECTORS == 2) sums[r][VECTORS - 1] += scale * second;
      }
    }
  }
  for (int r = 0; r < R; r++) {
    float* row = to + r * apart;
    if (columns == VECTORS * WIDE && !add) {
      for (int v = 0; v < VECTORS; v++) *reinterpret_cast<Vector*>(row + v * WIDE) = sums[r][v];
    } else {
      const float* found = reinterpret_cast<const float*>(sums[r]);
      for (Size c = 0; c < columns; c++) row[c] = add ? row[c] + found[c] : found[c];
    }
  }
}

using Tile = void (*)(Left, const float*, float*, Size, Size, bool);

// The tile of so many rows.
template <int VECTORS, int... R>
Tile tile_of(Size rows, std::integer_sequence<int, R...>) {
  static constexpr Tile known[] = {tile<R + 1, VECTORS>...};
  return known[rows - 1];
}

// All rows of the left operand, in tiles of about equal size.
void multiply(Left left, Size rows, const float* panel, float* to, Size apart, Size columns,
              bool add) {
  const std::make_integer_sequence<int, ROWS> sizes;
  const Size count = (rows + ROWS - 1) / ROWS, each = (rows + count - 1) / count;
  for (Size row = 0; row < rows; row += each) {
    const Size size = std::min(each, rows - row);
    Left part = left;
    part.at += row * left.row;
    const Tile fit = columns <= WIDE ? tile_of<1>(size, sizes) : tile_of<2>(size, sizes);
    fit(part, panel, to + row * apart, apart, columns, add);
  }
}

// Parts of some work, which this thread and those of XLA take one after the other.
struct Work {
  std::function<void(Size)> part;
  Size parts;
  std::atomic<Size> taken{0}, done{0};
  std::atomic<bool> failed{false};

  void take() {
    for (Size number; (number = taken.fetch_add(1)) < parts;) {
      try {
        part(number);
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      done.fetch_add(1, std::memory_order_release);
    }
  }
};

ffi::Error share(ffi::ThreadPool& pool, Size parts, std::function<void(Size)> part) {
  auto work = std::make_shared<Work>();
  work->part = std::move(part);
  work->parts = parts;
  for (Size other = 1; other < std::min<Size>(pool.num_threads(), parts); other++)
    pool.Schedule([work] { work->take(); });
  work->take();
  while (work->done.load(std::memory_order_acquire) < parts) std::this_thread::yield();
  if (work->failed) return ffi::Error(ffi::ErrorCode::kResourceExhausted, "no memory is left");
  return ffi::Error::Success();
}

Size panels(Size columns) { return (columns + PANEL - 1) / PANEL; }

// [rows, columns] as panels[columns / PANEL][rows][PANEL], with zeros beyond the last column.
void pack(const float* from, Size rows, Size columns, float* to) {
  for (Size first = 0; first < columns; first += PANEL) {
    const Size width = std::min(PANEL, columns - first);
    for (Size row = 0; row < rows; row++, to += PANEL) {
      std::memcpy(to, from + row * columns + first, 4 * width);
      std::fill(to + width, to + PANEL, 0.0f);
    }
  }
}

using Axes = ffi::Span<const Size>;

// Whether arrays are of one convolution: they are, unless somebody has changed the program.
bool fit(Axes x, Axes kernel, Axes y, Size top, Size left) {
  if (x.size() != 4 || kernel.size() != 4 || y.size() != 4) return false;
  for (Axes axes : {x, kernel, y})
    if (std::any_of(axes.begin(), axes.end(), [](Size size) { return size < 1; })) return false;
  const bool same = x[0] == y[0] && x[3] == kernel[2] && kernel[3] == y[3];
  return same && top >= 0 && left >= 0 && left < y[2] + kernel[1] - 1;
}

ffi::Error misfit() { return ffi::Error::InvalidArgument("these are not of one convolution"); }

// Sizes of a convolution of `batch` images: x[height, width, channels], with `top` and `left` rows
// and columns of zeros before, against kernel[down, across, channels, filters].
struct Sizes {
  Size batch, height, width, channels, down, across, filters, rows, columns, top, left;

  Sizes(Axes x, Axes kernel, Axes y, Size top, Size left)
      : batch(x[0]), height(x[1]), width(x[2]), channels(x[3]), down(kernel[0]), across(kernel[1]),
        filters(kernel[3]), rows(y[1]), columns(y[2]), top(top), left(left) {}

  Size wide() const { return columns + across - 1; }  // columns with the zeros around
  Size row() const { return wide() * channels; }      // numbers of such a row
  Size window() const { return across * channels; }   // those under a row of the kernel

  // Rows `first` to `last` of an image with the zeros around it; `room` is for a copy.
  const float* around(const float* x, Size first, Size last, std::vector<float>& room) const {
    if (!top && !left && wide() == width && rows + down - 1 == height) return x + first * row();
    room.assign((last - first) * row(), 0.0f);
    for (Size at = std::max(first, top); at < std::min(last, top + height); at++)
      std::memcpy(&room[(at - first) * row() + left * channels],
                  x + (at - top) * width * channels,
                  4 * channels * std::min(width, wide() - left));
    return room.data();
  }
};

// y[batch, rows, columns, filters]: the products of each place's window with the kernel.
ffi::Error convolve(ffi::ThreadPool pool, Size top, Size left, Array x, Array kernel,
                    ffi::Result<Array> y) {
  const Axes of_x = x.dimensions(), of_kernel = kernel.dimensions(), of_y = y->dimensions();
  if (!fit(of_x, of_kernel, of_y, top, left)) return misfit();
  const Sizes s(of_x, of_kernel, of_y, top, left);
  const Size products = s.down * s.window();
  std::vector<float> packed(panels(s.filters) * products * PANEL);
  pack(kernel.typed_data(), products, s.filters, packed.data());
  const Size bands = std::clamp<Size>(4 * pool.num_threads() / s.batch, 1, s.rows);
  const float *from = x.typed_data(), *weights = packed.data();
  float* result = y->typed_data();
  return share(pool, s.batch * bands, [=](Size part) {
    static thread_local std::vector<float> room;
    const Size image = part / bands, band = part % bands;
    const Size first = s.rows * band / bands, last = s.rows * (band + 1) / bands;
    const float* own = from + image * s.height * s.width * s.channels;
    const float* a = s.around(own, first, last + s.down - 1, room);
    for (Size panel = 0; panel < panels(s.filters); panel++)
      for (Size row = first; row < last; row++) {
        const Left under{a + (row - first) * s.row(), s.channels, 1, s.down, s.window(), s.row()};
        float* to = result + ((image * s.rows + row) * s.columns) * s.filters + panel * PANEL;
        multiply(under, s.columns, weights + panel * products * PANEL, to, s.filters,
                 std::min(PANEL, s.filters - panel * PANEL), false);
      }
  });
}

// kernel[down, across, channels, filters]: the windows of all places times their slopes, added up.
ffi::Error differentiate(ffi::ThreadPool pool, Size top, Size left, Array x, Array slope,
                         ffi::Result<Array> kernel) {
  const Axes of_x = x.dimensions(), of_kernel = kernel->dimensions(), of_y = slope.dimensions();
  if (!fit(of_x, of_kernel, of_y, top, left)) return misfit();
  const Sizes s(of_x, of_kernel, of_y, top, left);
  const Size size = s.down * s.window() * s.filters, places = s.rows * s.columns;
  const Size room_for = std::max<Size>(1, LARGEST / (4 * std::max<Size>(1, size)));
  const Size parts = std::min({s.batch, Size(pool.num_threads()), room_for});
  std::vector<float> all(parts * size);
  const float *from = x.typed_data(), *slopes = slope.typed_data();
  float* sums = all.data();
  ffi::Error error = share(pool, parts, [=](Size part) {
    static thread_local std::vector<float> room, packed;
    packed.resize(panels(s.filters) * places * PANEL);
    for (Size image = s.batch * part / parts; image < s.batch * (part + 1) / parts; image++) {
      const float* own = from + image * s.height * s.width * s.channels;
      const float* a = s.around(own, 0, s.rows + s.down - 1, room);
      pack(slopes + image * places * s.filters, places, s.filters, packed.data());
      for (Size row = 0; row < s.down; row++)
        for (Size panel = 0; panel < panels(s.filters); panel++) {
          const Left under{a + row * s.row(), 1, s.channels, s.rows, s.columns, s.row()};
          float* to = sums + part * size + row * s.window() * s.filters + panel * PANEL;
          multiply(under, s.window(), packed.data() + panel * places * PANEL, to, s.filters,
                   std::min(PANEL, s.filters - panel * PANEL), true);
        }
    }
  });
  float* result = kernel->typed_data();
  for (Size at = 0; at < size; at++) {
    float sum = 0;
    for (Size part = 0; part < parts; part++) sum += sums[part * size + at];
    result[at] = sum;
  }
  return error;
}

auto bound() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<Size>("top")
      .Attr<Size>("left")
      .Arg<Array>()
      .Arg<Array>()
      .Ret<Array>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(kspec_conv, convolve, bound());
XLA_FFI_DEFINE_HANDLER_SYMBOL(kspec_conv_gradient, differentiate, bound());
