// Panels of numbers that stand apart, of their transpose, and products with all of some panels.

#ifndef KSPEC_NATIVE_PANELS_H_
#define KSPEC_NATIVE_PANELS_H_

#include "native.h"

namespace {

typedef float Four __attribute__((vector_size(16), aligned(4)));

// Rows of `columns` numbers that are `apart` apart, as panels[columns / PANEL][rows][PANEL].
OUTLINED void lay(const float* from, Size apart, Size rows, Size columns, float* to) {
  for (Size first = 0; first < columns; first += PANEL) {
    const Size width = std::min(PANEL, columns - first);
    for (Size row = 0; row < rows; row++, to += PANEL) {
      const float* own = from + row * apart + first;
      if (width == PANEL) {
        std::memcpy(to, own, 4 * PANEL);
      } else {
        std::memcpy(to, own, 4 * width);
        std::fill(to + width, to + PANEL, 0.0f);
      }
    }
  }
}

// The same of their transpose: panels[rows / PANEL][columns][PANEL].
OUTLINED void turn(const float* from, Size apart, Size rows, Size columns, float* to) {
  for (Size first = 0; first < rows; first += PANEL, to += columns * PANEL) {
    const Size width = std::min(PANEL, rows - first);
    if (width < PANEL) std::fill(to, to + columns * PANEL, 0.0f);
    Size row = 0;
    for (; row + 4 <= width; row += 4) {
      const float* own = from + (first + row) * apart;
      for (Size column = 0; column < columns; column++, own++)
        *reinterpret_cast<Four*>(to + column * PANEL + row) =
            Four{own[0], own[apart], own[2 * apart], own[3 * apart]};
    }
    for (; row < width; row++)
      for (Size column = 0; column < columns; column++)
        to[column * PANEL + row] = from[(first + row) * apart + column];
  }
}

// The products of `rows` rows with panels that are `leap` apart: to[rows, columns].
inline void products(Left left, Size rows, const float* panel, Size leap, float* to, Size apart,
                     Size columns, bool add) {
  for (Size first = 0; first < columns; first += PANEL, panel += leap)
    multiply(left, rows, panel, to + first, apart, std::min(PANEL, columns - first), add);
}

}  // namespace

#endif  // KSPEC_NATIVE_PANELS_H_
