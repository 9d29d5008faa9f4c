// Convolutions by 1 of float32 images, channels last, and the gradients of their kernels, for CPUs.
//
// kspec compiles this file for the machine that it runs on, and XLA calls the two handlers at its
// end on buffers of its own. Both are sums of products that stay in registers: a tile has up to
// ROWS places of an output row (or weights of a kernel row), and up to two vectors of filters. In
// images as they are, the numbers under a row of a window stand side by side, so nothing is
// unrolled; what the tile multiplies with is the kernel, or the slopes.
//
// Source: Georganas et al., Anatomy of High-Performance Deep Learning Convolutions on SIMD
// Architectures, 2018, for tiles of places and filters.

#include "native.h"

namespace {

constexpr Size LARGEST = 64 << 20;  // bytes of the sums of all threads together

// Whether arrays are of one convolution: they are, unless somebody has changed the program.
bool fit(Axes x, Axes kernel, Axes y, Size top, Size left) {
  if (x.size() != 4 || kernel.size() != 4 || y.size() != 4) return false;
  for (Axes axes : {x, kernel, y})
    if (std::any_of(axes.begin(), axes.end(), [](Size size) { return size < 1; })) return false;
  const bool same = x[0] == y[0] && x[3] == kernel[2] && kernel[3] == y[3];
  return same && top >= 0 && left >= 0 && left < y[2] + kernel[1] - 1;
}

Error misfit() { return misfit("these are not of one convolution"); }

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
Error convolve(Threads threads, Size top, Size left, Array x, Array kernel, Result<float> y) {
  const Axes of_x = x.dimensions(), of_kernel = kernel.dimensions(), of_y = y.dimensions();
  if (!fit(of_x, of_kernel, of_y, top, left)) return misfit();
  const Sizes s(of_x, of_kernel, of_y, top, left);
  const Size products = s.down * s.window();
  std::vector<float> packed(panels(s.filters) * products * PANEL);
  pack(kernel.typed_data(), products, s.filters, packed.data());
  const Size bands = std::clamp<Size>(4 * threads.count() / s.batch, 1, s.rows);
  const float *from = x.typed_data(), *weights = packed.data();
  float* result = y.typed_data();
  return share(threads, s.batch * bands, [=](Size part) {
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
Error differentiate(Threads threads, Size top, Size left, Array x, Array slope,
                    Result<float> kernel) {
  const Axes of_x = x.dimensions(), of_kernel = kernel.dimensions(), of_y = slope.dimensions();
  if (!fit(of_x, of_kernel, of_y, top, left)) return misfit();
  const Sizes s(of_x, of_kernel, of_y, top, left);
  const Size size = s.down * s.window() * s.filters, places = s.rows * s.columns;
  const Size room_for = std::max<Size>(1, LARGEST / (4 * std::max<Size>(1, size)));
  const Size parts = std::min({s.batch, Size(threads.count()), room_for});
  std::vector<float> all(parts * size);
  const float *from = x.typed_data(), *slopes = slope.typed_data();
  float* sums = all.data();
  const Error error = share(threads, parts, [=](Size part) {
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
  float* result = kernel.typed_data();
  for (Size at = 0; at < size; at++) {
    float sum = 0;
    for (Size part = 0; part < parts; part++) sum += sums[part * size + at];
    result[at] = sum;
  }
  return error;
}

}  // namespace

KSPEC_HANDLER(kspec_conv, convolve, "top", "left")
KSPEC_HANDLER(kspec_conv_gradient, differentiate, "top", "left")
