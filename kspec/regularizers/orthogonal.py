"""A penalty on vectors that point the same way."""

from __future__ import annotations

from typing import Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.regularizers.base import Regularizer, arg, regularizer

EPSILON = 1e-12  # of the length by which a vector is divided


@final
@regularizer("orthogonal_regularizer")
class OrthogonalRegularizer(Regularizer):
    """factor * mean(abs(cos(u, v))) over all pairs of rows, or columns, of a matrix.

    Source: keras.regularizers.OrthogonalRegularizer.
    """

    factor: float = arg(default=0.01, doc="The factor.")
    mode: Literal["rows", "columns"] = arg(default="rows", doc="What is to be orthogonal.")

    def check(self) -> str | None:
        """A penalty does not reward."""
        return None if self.factor >= 0 else f"factor must not be negative, not {self.factor}"

    def misfit(self, rank: int) -> str | None:
        """Only a matrix has rows and columns."""
        return None if rank == 2 else f"it is for matrices, which have 2 axes, not {rank}"

    def lower(self, b: Builder, x: Value) -> Value:
        """The products of all pairs; those of a vector with itself are taken off again."""
        along = 1 if self.mode == "rows" else 0
        count = x.type.shape[1 - along]
        if not isinstance(count, int) or count < 2:
            raise TypeRuleError(f"{x.type} has no pairs of {self.mode}")
        dtype = x.type.dtype
        squares = b.op("sum", b.op("square", x), axis=(along,), keepdims=True)
        length = b.op("sqrt", b.op("maximum", squares, b.constant(EPSILON**2, dtype)))
        unit = b.op("divide", x, length)
        turned = b.op("transpose", unit, permutation=(1, 0))
        sides = (unit, turned) if self.mode == "rows" else (turned, unit)
        products = b.op("sum", b.op("abs", b.op("matmul", *sides)), axis=(0, 1))
        own = b.op("sum", b.op("square", unit), axis=(0, 1))
        factor = self.factor * 0.5 / (count * (count - 1) / 2)
        return b.op("multiply", b.op("subtract", products, own), b.constant(factor, dtype))
