"""Ops that look elements up by their places."""

from __future__ import annotations

import math
from typing import ClassVar, final

from kspec.ir import BATCH, Builder, Dim, TypeRuleError, Value
from kspec.ops.base import Operation, arg, axis_of, batched, example_axes, fixed, flat, op
from kspec.registry import Example

__all__: list[str] = []


def _integers(x: Value, what: str) -> Value:
    if x.type.is_float or x.type.dtype == "bool":
        raise TypeRuleError(f"{what} needs integers, not {x.type}")
    return x


@final
@op("take")
class Take(Operation):
    """The elements at places of an axis: the second tensor says which.

    The axes of the places stand where the axis was. Where both tensors have a batch, each
    example is looked up in its own. What lies outside is NaN, or for integers the smallest.
    """

    example = Example("take(x1, [0, 2], axis=1)", x1="f32[6]")

    operands: ClassVar[int] = 2
    promotes: ClassVar[int] = 2

    axis: int | None = arg(default=None, doc="The axis; by default each example is one row.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A lookup, along the axis where both have a batch."""
        x, places = operands
        _integers(places, "take")
        if self.axis is None:
            x = flat(b, x)
        axis = x.type.rank - 1 if self.axis is None else axis_of(x, self.axis)
        if not (batched(x) and batched(places)):
            return b.op("gather", x, places, axis=axis)
        shape = tuple(fixed(places, each) for each in example_axes(places))
        middle = (1,) * (axis - 1), (1,) * (x.type.rank - axis - 1)
        rows: tuple[Dim, ...] = (BATCH, *middle[0], math.prod(shape), *middle[1])
        found = b.op("take_along_axis", x, b.op("reshape", places, shape=rows), axis=axis)
        result: tuple[Dim, ...] = (*x.type.shape[:axis], *shape, *x.type.shape[axis + 1 :])
        return b.op("reshape", found, shape=result) if len(shape) != 1 else found


@final
@op("take_along_axis")
class TakeAlongAxis(Operation):
    """At each place the element of its own line along an axis that the second tensor names."""

    example = Example("take_along_axis(x1, x2, axis=1)", x1="f32[6]", x2="i32[3]")

    operands: ClassVar[int] = 2
    promotes: ClassVar[int] = 2

    axis: int | None = arg(default=None, doc="The axis; by default each example is one row.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; a tensor without a batch is the same for every example."""
        x, places = operands
        _integers(places, "take_along_axis")
        if self.axis is None:
            x, places = flat(b, x), flat(b, places)
        if batched(x) and not batched(places):
            places = b.op("expand_dims", places, axis=0)
        elif batched(places) and not batched(x):
            x = b.op("expand_dims", x, axis=0)
        axis = x.type.rank - 1 if self.axis is None else axis_of(x, self.axis)
        return b.op("take_along_axis", x, places, axis=axis)


@final
@op("one_hot")
class OneHot(Operation):
    """A new axis with 1 at the place of the number and 0 elsewhere."""

    example = Example("one_hot(x, 10)", x="i32[4]")

    num_classes: int = arg(doc="The size of the new axis.")
    axis: int = arg(default=-1, doc="Where the new axis stands in the result.")

    def check(self) -> str | None:
        """What is wrong with the arguments together."""
        return None if self.num_classes > 0 else "num_classes must be positive"

    def keeps_steps(self) -> bool:
        """The new axis stands behind that of the steps."""
        return self.axis == -1

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = _integers(operands[0], "one_hot")
        return hot(b, x, self.num_classes, axis_of(x, self.axis, places=1))


def hot(b: Builder, x: Value, size: int, axis: int) -> Value:
    """The numbers as ones and zeros on a new axis."""
    y = b.op("one_hot", x, depth=size)
    order = [*range(axis), x.type.rank, *range(axis, x.type.rank)]
    return y if axis == x.type.rank else b.op("transpose", y, permutation=tuple(order))


@final
@op("multi_hot")
class MultiHot(Operation):
    """1 at the places of the numbers along axis 1 and 0 elsewhere."""

    example = Example("multi_hot(x, 10)", x="i32[4]")

    num_classes: int = arg(doc="How many places there are.")
    axis: int = arg(default=-1, doc="Where their axis stands, before axis 1 goes.")

    def check(self) -> str | None:
        """What is wrong with the arguments together."""
        return None if self.num_classes > 0 else "num_classes must be positive"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """The largest along axis 1 of `one_hot`."""
        x = _integers(operands[0], "multi_hot")
        first = int(batched(x))
        if x.type.rank <= first:
            raise TypeRuleError(f"an example of {x.type} is a single number: that is `one_hot`")
        y = hot(b, x, self.num_classes, axis_of(x, self.axis, places=1))
        return b.op("max", y, axis=(1 if x.type.rank > 1 else 0,))


@final
@op("slice_update")
class SliceUpdate(Operation):
    """The first tensor with the second one in the place of a part of it."""

    example = Example("slice_update(x1, x2, (0, 3))", x1="f32[6]", x2="f32[2]")

    operands: ClassVar[int] = 2

    start_indices: tuple[int, ...] = arg(
        doc="Where the part begins along each axis; 0 for the batch. Keras has it in the middle."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; a part without a batch is the same for every example."""
        x, part = operands
        if batched(x) and not batched(part):
            shape: tuple[Dim, ...] = (BATCH, *part.type.shape)
            part = b.op("broadcast_to", part, shape=shape)
        if batched(x) and self.start_indices[:1] != (0,):
            raise TypeRuleError("the batch axis 0 is taken whole: it begins at 0")
        return b.op("update_slice", x, part, start=self.start_indices)
