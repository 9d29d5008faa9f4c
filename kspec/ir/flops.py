"""How much an op computes: the floating-point operations of products and convolutions."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kspec.ir.core import Op
from kspec.ir.ops.attention import ATTENTION
from kspec.ir.ops.recurrent import RECURRENT
from kspec.ir.ops.spatial import CONVOLUTIONS
from kspec.ir.types import Dim


def flops_of(op: Op, sizes: Mapping[str, int] | None = None) -> int:
    """Floating-point operations of an op, 2 for each multiplication and addition of a product.

    Args:
        op: The op; all but products of tensors and convolutions count 0.
        sizes: The sizes of named axes, such as the batch; 1 for those that are left out.
    """
    return _Counter(sizes or {}).count(op)


class _Counter:
    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes

    def count(self, op: Op) -> int:
        if op.body is not None:
            axis = op.attrs["axis"] if op.name == "map" else 0
            rounds = op.args[-1].type.shape[axis] if isinstance(axis, int) else 1
            return sum(map(self.count, op.body.ops)) * self._size(rounds)
        if op.name == "einsum":
            return 2 * math.prod(self._einsum_sizes(op).values())
        if op.name in ATTENTION:
            return self._attention(op)
        if op.name == "linear_crossentropy":
            _, x, kernel = (arg.type.shape for arg in op.args[:3])
            return 2 * self._product(x) * self._product(kernel[1:])
        if op.name in RECURRENT:
            x, *kernels = (arg.type.shape for arg in op.args[:3])
            return 2 * self._product(x[:2]) * sum(map(self._product, kernels))
        if op.name not in ("matmul", "matmul_narrow", *CONVOLUTIONS):
            return 0
        x, kernel = op.args
        # A transposed convolution multiplies each element that goes in, the others sum for
        # each that comes out.
        each = x if op.name == "conv_transpose" else op.result
        inner = kernel.type.shape[:-1] if op.name in CONVOLUTIONS else x.type.shape[-1:]
        return 2 * self._product(each.type.shape) * self._product(inner)

    def _attention(self, op: Op) -> int:
        """Each query with each key, and each score with its value; `causal` leaves none out."""
        query, _, value = (arg.type.shape for arg in op.args[:3])
        pairs = self._product(query[:3]) * self._product(value[1:2])
        return 2 * pairs * (self._product(query[3:]) + self._product(value[3:]))

    def _size(self, axis: Dim) -> int:
        return axis if isinstance(axis, int) else self.sizes.get(axis, 1)

    def _product(self, shape: tuple[Dim, ...]) -> int:
        return math.prod(map(self._size, shape))

    def _einsum_sizes(self, op: Op) -> dict[str, int]:
        """The size of each letter, and of each axis that dots stand for."""
        left, _, _ = str(op.attrs["equation"]).partition("->")
        sizes: dict[str, int] = {}
        for term, value in zip(left.split(","), op.args, strict=True):
            before, dots, after = term.partition("...")
            free = value.type.rank - len(before) - len(after) if dots else 0
            letters = [*before, *(f"...{place}" for place in range(free, 0, -1)), *after]
            for letter, size in zip(letters, value.type.shape, strict=True):
                sizes[letter] = max(sizes.get(letter, 1), self._size(size))
        return sizes
