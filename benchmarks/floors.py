"""Operations of an example in products and convolutions, forward: what floors are made of."""

from __future__ import annotations

from typing import Final

TRAINING: Final = 3  # forward, the gradient of the input, the gradient of the weights
FLOAT: Final = 4  # bytes
ADAM: Final = 7  # of each weight's numbers: weight, two moments, read and written; gradient, read


def product(rows: int, depth: int, columns: int) -> int:
    """Of a matrix product."""
    return 2 * rows * depth * columns


def convolution(height: int, width: int, kernel: int, channels: int, filters: int) -> int:
    """Of a convolution with a square kernel that keeps the size."""
    return product(height * width, kernel * kernel * channels, filters)
