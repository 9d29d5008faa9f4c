"""Images of another size, as Keras and TensorFlow resize them: without antialiasing.

Pixels have half-integer centers: pixel i of n lies at (i + 0.5) * N / n - 0.5 among N. Each new
pixel is a mean of the old ones near there, weighted by a kernel of their distances; weights
beyond the image are left out, and the rest scaled to sum to 1.

Source: tf.image.resize and keras.ops.image.resize.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from kspec.data.base import Array

Interpolation: TypeAlias = Literal[
    "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"
]


def resize(image: Array, size: tuple[int, int], interpolation: Interpolation) -> Array:
    """An image of another size.

    Args:
        image: u8[rows, columns, channels].
        size: New rows and columns.
        interpolation: The kernel.

    Returns:
        u8[*size, channels], rounded.
    """
    import numpy as np

    if image.shape[:2] == size:
        return image
    if interpolation == "nearest":
        rows, columns = (_nearest(*each) for each in zip(image.shape[:2], size, strict=True))
        return image[rows][:, columns]
    across = _blend(image, *_taps(image.shape[0], size[0], interpolation))
    turned = across.swapaxes(0, 1)
    result = _blend(turned, *_taps(image.shape[1], size[1], interpolation)).swapaxes(0, 1)
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def fit(image: Array, size: tuple[int, int], crop: bool, pad: bool) -> Array:
    """Give an image a size's proportions: its largest middle part, or a black frame around it.

    Args:
        image: u8[rows, columns, channels].
        size: Rows and columns whose ratio counts.
        crop: Whether to cut.
        pad: Whether to frame.
    """
    import numpy as np

    height, width = image.shape[:2]
    # In floats, as Keras computes it.
    rows, columns = int(width * size[0] / size[1]), int(height * size[1] / size[0])
    if crop:
        rows, columns = max(min(height, rows), 1), max(min(width, columns), 1)
        top, left = (height - rows) // 2, (width - columns) // 2
        image = image[top : top + rows, left : left + columns]
    elif pad:
        top = max(rows - height, 0) // 2  # the same on both sides, as in Keras
        left = 0 if top else max(columns - width, 0) // 2
        framed = np.zeros((height + 2 * top, width + 2 * left, image.shape[2]), np.uint8)
        framed[top : top + height, left : left + width] = image
        image = framed
    return image


def _nearest(old: int, new: int) -> Array:
    """The old pixel that each new one is: the one that its center lies in."""
    import numpy as np

    return (2 * np.arange(new) + 1) * old // (2 * new)


def _blend(image: Array, near: Array, weights: Array) -> Array:
    """Weighted means along the first axis: f32[new, ...]."""
    import numpy as np

    total = np.zeros((len(near), *image.shape[1:]), np.float32)
    for tap in range(near.shape[1]):
        total += weights[:, tap, None, None] * image[near[:, tap]]
    return total


def _taps(old: int, new: int, interpolation: Interpolation) -> tuple[Array, Array]:
    """The old pixels that each new one is made of: their numbers and weights, [new, taps]."""
    import numpy as np

    scale = old / new
    if interpolation == "area":
        start = np.arange(new) * scale
        near = np.floor(start)[:, None] + np.arange(math.ceil(scale) + 1)
        low, high = np.maximum(near, start[:, None]), np.minimum(near + 1, start[:, None] + scale)
        weights = np.maximum(high - low, 0)
    else:
        radius, kernel = _KERNELS[interpolation]
        center = (np.arange(new) + 0.5) * scale - 0.5
        near = np.floor(center)[:, None] + np.arange(1 - radius, radius + 1)
        weights = kernel(np.abs(center[:, None] - near))
    weights = np.where((near >= 0) & (near < old), weights, 0)
    weights /= weights.sum(1, keepdims=True)
    return np.clip(near, 0, old - 1).astype(np.int64), weights.astype(np.float32)


def _triangle(x: Array) -> Array:
    import numpy as np

    return np.maximum(0, 1 - x)


def _cubic(b: float, c: float) -> Callable[[Array], Array]:
    """The piecewise cubics of Mitchell and Netravali, Reconstruction Filters, 1988."""

    def kernel(x: Array) -> Array:
        import numpy as np

        inner = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
        outer = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x
        outer += 8 * b + 24 * c
        return np.where(x < 1, inner, np.where(x < 2, outer, 0)) / 6

    return kernel


def _lanczos(radius: int) -> Callable[[Array], Array]:
    """A sinc in the window of a wider one."""

    def kernel(x: Array) -> Array:
        import numpy as np

        return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)

    return kernel


def _gaussian(x: Array) -> Array:
    """Of width 1/2, cut off at 1.5."""
    import numpy as np

    return np.where(x < 1.5, np.exp(-2 * x**2), 0)


# Kernel: how far it reaches in pixels, and its values by distance.
_KERNELS: Final = {
    "bilinear": (1, _triangle),
    "bicubic": (2, _cubic(0, 0.5)),
    "mitchellcubic": (2, _cubic(1 / 3, 1 / 3)),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
    "gaussian": (2, _gaussian),
}
