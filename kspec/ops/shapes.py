"""Ops that give elements other axes, and change none."""

from __future__ import annotations

import math
from typing import final

from kspec.ir import Builder, Dim, TypeRuleError, Value
from kspec.ops.base import (
    Operation,
    arg,
    axes_of,
    axis_of,
    bad_size,
    batched,
    example_axes,
    fixed,
    flat,
    in_order,
    op,
)
from kspec.registry import Example

__all__: list[str] = []


@final
@op("expand_dims")
class ExpandDims(Operation):
    """A new axis of size 1, or several."""

    example = Example("expand_dims(x, axis=1)", x="f32[6]")

    axis: int | tuple[int, ...] = arg(doc="Where the new axis stands in the result.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        count = 1 if isinstance(self.axis, int) else len(self.axis)
        for axis in sorted(in_order(x, self.axis, places=count)):
            x = b.op("expand_dims", x, axis=axis)
        return x


@final
@op("squeeze")
class Squeeze(Operation):
    """Without an axis of size 1, or several."""

    example = Example("squeeze(x)", x="f32[1, 6]")

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; by default all of size 1."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        ones = tuple(axis for axis in example_axes(x) if x.type.shape[axis] == 1)
        for axis in reversed(ones if self.axis is None else axes_of(x, self.axis)):
            x = b.op("squeeze", x, axis=axis)
        return x


@final
@op("transpose")
class Transpose(Operation):
    """The axes in another order."""

    example = Example("transpose(x, (0, 3, 1, 2))", x="f32[5, 6, 7]")

    axes: tuple[int, ...] | None = arg(
        default=None,
        doc="The old axes in their new order, the batch axis 0 first; none turns the order over.",
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        axes = tuple(reversed(range(x.type.rank))) if self.axes is None else self.axes
        order = tuple(axis + x.type.rank if axis < 0 else axis for axis in axes)
        if batched(x) and order[:1] != (0,):
            raise TypeRuleError("the batch axis 0 must stay first")
        return b.op("transpose", x, permutation=order)


@final
@op("moveaxis")
class MoveAxis(Operation):
    """Some axes at other places, the others in their order."""

    example = Example("moveaxis(x, 1, 3)", x="f32[5, 6, 7]")

    source: int | tuple[int, ...] = arg(doc="The axis or axes.")
    destination: int | tuple[int, ...] = arg(doc="Where they stand in the result.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A transposition."""
        (x,) = operands
        source, destination = in_order(x, self.source), in_order(x, self.destination)
        if len(source) != len(destination):
            raise TypeRuleError(f"{self.source} do not go to {self.destination}")
        order = [axis for axis in range(x.type.rank) if axis not in source]
        for place, axis in sorted(zip(destination, source, strict=True)):
            order.insert(place, axis)
        return b.op("transpose", x, permutation=tuple(order))


@final
@op("swapaxes")
class SwapAxes(Operation):
    """Two axes in each other's place."""

    example = Example("swapaxes(x, 1, 3)", x="f32[5, 6, 7]")

    axis1: int = arg(doc="One axis.")
    axis2: int = arg(doc="The other.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A transposition."""
        (x,) = operands
        one, other = axis_of(x, self.axis1), axis_of(x, self.axis2)
        order = list(range(x.type.rank))
        order[one], order[other] = other, one
        return b.op("transpose", x, permutation=tuple(order))


@final
@op("ravel")
class Ravel(Operation):
    """Each example as one row."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A reshape."""
        return flat(b, operands[0])


@final
@op("reshape")
class Reshape(Operation):
    """The elements of each example in another shape; the layer of that name does the same."""

    example = Example("reshape(x, (8, 6))", x="f32[6, 8]")

    newshape: int | tuple[int, ...] = arg(
        doc="The axes of one example; one may be -1, for what is left."
    )

    def check(self) -> str | None:
        """At most one axis may be open."""
        sizes = (self.newshape,) if isinstance(self.newshape, int) else self.newshape
        if sizes.count(-1) > 1:
            return "only one axis of newshape may be -1"
        return bad_size([size for size in sizes if size != -1], "newshape")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A reshape."""
        (x,) = operands
        sizes = (self.newshape,) if isinstance(self.newshape, int) else self.newshape
        have = math.prod(fixed(x, axis) for axis in example_axes(x))
        want = math.prod(size for size in sizes if size != -1)
        if have % want or (have != want and -1 not in sizes):
            raise TypeRuleError(f"{have} elements do not fill {sizes}")
        shape: list[Dim] = [*x.type.shape[: int(batched(x))]]
        shape += [have // want if size == -1 else size for size in sizes]
        return b.op("reshape", x, shape=tuple(shape))


@final
@op("broadcast_to")
class BroadcastTo(Operation):
    """Axes of size 1 repeated, and new axes before the others, up to a shape."""

    example = Example("broadcast_to(x, (5, 6))", x="f32[6]")

    shape: tuple[int, ...] = arg(doc="The axes of one example.")

    def check(self) -> str | None:
        """Axes have elements."""
        return bad_size(self.shape, "shape")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; new axes stand behind the batch."""
        (x,) = operands
        first = int(batched(x))
        for _ in range(len(self.shape) + first - x.type.rank):
            x = b.op("expand_dims", x, axis=first)
        shape: tuple[Dim, ...] = (*x.type.shape[:first], *self.shape)
        return b.op("broadcast_to", x, shape=shape)
