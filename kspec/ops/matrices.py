"""Ops on the triangles and diagonals of matrices."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import (
    Operation,
    arg,
    axis_of,
    bad_size,
    example_axes,
    fixed,
    flat,
    op,
    to_float,
)
from kspec.registry import Example

__all__: list[str] = []


class _Triangle(Operation):
    """The IR op of the same name on the last two axes."""

    k: int = arg(default=0, doc="The diagonal where it ends: 0 the main one, above it positive.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        if len(example_axes(x)) < 2:
            raise TypeRuleError(f"an example of {x.type} is no matrix")
        return b.op(self.name, x, k=self.k)


@final
@op("tril")
class TriL(_Triangle):
    """The matrix with zeros above a diagonal."""


@final
@op("triu")
class TriU(_Triangle):
    """The matrix with zeros below a diagonal."""


class _Diagonal(Operation):
    """A diagonal of the plane of two axes."""

    offset: int = arg(default=0, doc="Which: 0 the main one, above it positive.")
    axis1: int = arg(default=0, doc="The axis of the rows; the batch axis 0 is none.")
    axis2: int = arg(default=1, doc="The axis of the columns.")

    def diagonal(self, b: Builder, x: Value) -> Value:
        """The diagonal, on a new last axis."""
        rows, columns = axis_of(x, self.axis1), axis_of(x, self.axis2)
        return b.op("diagonal", x, offset=self.offset, axis1=rows, axis2=columns)


@final
@op("diagonal")
class Diagonal(_Diagonal):
    """The elements of a diagonal, on a new last axis."""

    example = Example("diagonal(x, axis1=1, axis2=2)", x="f32[4, 4]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return self.diagonal(b, operands[0])


@final
@op("trace")
class Trace(_Diagonal):
    """The sum of a diagonal."""

    example = Example("trace(x, axis1=1, axis2=2)", x="f32[4, 4]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """The diagonal, and its sum."""
        elements = self.diagonal(b, operands[0])
        return b.op("sum", elements, axis=(elements.type.rank - 1,))


@final
@op("diag")
class Diag(Operation):
    """Each row as the diagonal of a matrix, or each matrix's diagonal as a row."""

    example = Example("diag(x)", x="f32[4]")

    k: int = arg(default=0, doc="Which diagonal: 0 the main one, above it positive.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        axes = example_axes(x)
        if len(axes) == 2:
            return b.op("diagonal", x, offset=self.k, axis1=axes[0], axis2=axes[1])
        if len(axes) != 1:
            raise TypeRuleError(f"an example of {x.type} is no row and no matrix")
        return _embed(b, x, self.k)


@final
@op("diagflat")
class DiagFlat(Operation):
    """All elements of each example as the diagonal of a matrix."""

    k: int = arg(default=0, doc="Which diagonal: 0 the main one, above it positive.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return _embed(b, flat(b, operands[0]), self.k)


def _embed(b: Builder, row: Value, k: int) -> Value:
    """The matrix whose k-th diagonal the last axis is."""
    last = row.type.rank - 1
    size = fixed(row, last) + abs(k)
    pairs = (*((0, 0),) * last, (0, abs(k)))
    padded = b.op("pad", row, pad_width=pairs) if k else row
    # Below the main diagonal each element finds its column, else its row.
    lines = b.op("expand_dims", padded, axis=last if k < 0 else last + 1)
    there = b.op("cast", b.op("eye", N=size, M=size, k=k), dtype="bool")
    zero = b.constant(0.0 if row.type.is_float else 0, row.type.dtype)
    return b.op("select", there, lines, zero)


@final
@op("vander")
class Vander(Operation):
    """The powers of each number of a row, from the highest to 0, as the rows of a matrix."""

    example = Example("vander(x)", x="f32[4]")

    N: int | None = arg(default=None, doc="How many powers; by default as many as numbers.")
    increasing: bool = arg(default=False, doc="Whether they start at 0 instead.")

    def check(self) -> str | None:
        """There is at least one."""
        return None if self.N is None else bad_size(self.N, "N")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A power with a row of exponents."""
        x = to_float(b, operands[0])
        axes = example_axes(x)
        if len(axes) != 1:
            raise TypeRuleError(f"an example of {x.type} is no row of numbers")
        count = fixed(x, axes[0]) if self.N is None else self.N
        start, stop, step = (0, count, 1) if self.increasing else (count - 1, -1, -1)
        exponents = b.op("arange", start=start, stop=stop, step=step, dtype=x.type.dtype)
        return b.op("power", b.op("expand_dims", x, axis=axes[0] + 1), exponents)
