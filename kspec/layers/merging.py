"""Layers that make one tensor of several."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer


class _Elementwise(Layer):
    """A rule applied from left to right, element by element."""

    shape = "*batch -> *batch"
    variadic = True
    op: ClassVar[str]

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op for each operand after the first."""
        total = operands[0]
        for operand in operands[1:]:
            total = b.op(self.op, total, operand)
        return total


@final
@layer("add")
class Add(_Elementwise):
    """Add tensors element by element."""

    op = "add"


@final
@layer("multiply")
class Multiply(_Elementwise):
    """Multiply tensors element by element."""

    op = "multiply"


@final
@layer("concatenate")
class Concatenate(Layer):
    """Put tensors side by side along an axis."""

    shape = "*batch -> *batch"
    variadic = True

    axis: int = arg(default=-1, doc="The axis along which they stand.")

    def misfit(self, *operands: TensorType) -> str | None:
        """The axis must be there, and not be the batch."""
        rank = operands[0].rank
        if not -rank < self.axis < rank or self.axis % rank == 0:
            return f"{operands[0]} has no axis {self.axis} to concatenate along"
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        return b.op("concatenate", *operands, axis=self.axis % operands[0].type.rank)
