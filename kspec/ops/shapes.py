"""Ops that move elements and change none."""

from __future__ import annotations

from typing import final

from kspec.ir import BATCH, Builder, TypeRuleError, Value
from kspec.ops.base import Operation, arg, axis_of, op

__all__: list[str] = []


@final
@op("expand_dims")
class ExpandDims(Operation):
    """A new axis of size 1."""

    axis: int = arg(doc="Where the new axis stands in the result.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op("expand_dims", x, axis=axis_of(x, self.axis, places=1))


@final
@op("squeeze")
class Squeeze(Operation):
    """Without an axis of size 1."""

    axis: int = arg(doc="The axis.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op("squeeze", x, axis=axis_of(x, self.axis))


@final
@op("transpose")
class Transpose(Operation):
    """The axes in another order."""

    axes: tuple[int, ...] = arg(doc="The old axes in their new order, the batch axis 0 first.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        if x.type.shape[:1] == (BATCH,) and self.axes[:1] != (0,):
            raise TypeRuleError("the batch axis 0 must stay first")
        return b.op("transpose", x, permutation=self.axes)
