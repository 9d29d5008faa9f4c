"""Ops that turn, repeat, pad and join."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import BATCH, Builder, Dim, TypeRuleError, Value
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
@op("flip")
class Flip(Operation):
    """The last element along axes first."""

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; all axes of one example by default."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op("flip", x, axis=axes_of(x, self.axis))


@final
@op("fliplr")
class FlipLR(Operation):
    """The last element along axis 1 first."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op("flip", x, axis=axes_of(x, 1))


@final
@op("rot90")
class Rot90(Operation):
    """A plane turned by quarters, from its first axis towards its second."""

    example = Example("rot90(x, axes=(1, 2))", x="f32[8, 8, 3]")

    k: int = arg(default=1, doc="How many quarters.")
    axes: tuple[int, int] = arg(default=(0, 1), doc="The plane; the batch axis 0 is in none.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Flips and a transposition."""
        (x,) = operands
        first, second = in_order(x, self.axes)
        order = list(range(x.type.rank))
        order[first], order[second] = second, first
        match self.k % 4:
            case 0:
                return x
            case 1:
                flipped = b.op("flip", x, axis=(second,))
                return b.op("transpose", flipped, permutation=tuple(order))
            case 2:
                return b.op("flip", x, axis=tuple(sorted((first, second))))
            case _:
                turned = b.op("transpose", x, permutation=tuple(order))
                return b.op("flip", turned, axis=(second,))


@final
@op("roll")
class Roll(Operation):
    """Elements moved on along an axis; those that fall off come back at the other end."""

    example = Example("roll(x, 1, axis=1)", x="f32[6]")

    shift: int | tuple[int, ...] = arg(doc="By how many places; one number an axis.")
    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; by default through all elements of one example."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        shift = (self.shift,) if isinstance(self.shift, int) else self.shift
        if self.axis is not None:
            axes = in_order(x, self.axis)
            shift = shift * len(axes) if len(shift) == 1 else shift
            return b.op("roll", x, shift=shift, axis=axes)
        row = flat(b, x)
        moved = b.op("roll", row, shift=(sum(shift),), axis=(row.type.rank - 1,))
        return b.op("reshape", moved, shape=x.type.shape) if row is not x else moved


@final
@op("tile")
class Tile(Operation):
    """The tensor side by side with itself."""

    example = Example("tile(x, 2)", x="f32[6]")

    repeats: int | tuple[int, ...] = arg(
        doc="How often along the last axes; with a number for each axis, 1 for the batch."
    )

    def check(self) -> str | None:
        """Once is the least."""
        return bad_size(self.repeats, "repeats")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        repeats = (self.repeats,) if isinstance(self.repeats, int) else self.repeats
        if len(repeats) > x.type.rank:
            raise TypeRuleError(f"{len(repeats)} repeats do not fit the axes of {x.type}")
        repeats = (*(1,) * (x.type.rank - len(repeats)), *repeats)
        if batched(x) and repeats[0] != 1:
            raise TypeRuleError("the batch axis 0 is there once: its number must be 1")
        return b.op("tile", x, repeats=repeats)


@final
@op("repeat")
class Repeat(Operation):
    """Each element several times in a row."""

    example = Example("repeat(x, 2, axis=1)", x="f32[6]")

    repeats: int = arg(doc="How often.")
    axis: int | None = arg(default=None, doc="The axis; by default each example is one row.")

    def check(self) -> str | None:
        """Once is the least."""
        return bad_size(self.repeats, "repeats")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        if self.axis is None:
            x = flat(b, x)
        axis = x.type.rank - 1 if self.axis is None else axis_of(x, self.axis)
        return b.op("repeat", x, repeats=self.repeats, axis=axis)


@final
@op("pad")
class Pad(Operation):
    """More elements around those that are there."""

    example = Example("pad(x, ((0, 0), (1, 1), (2, 2)))", x="f32[5, 6]")

    pad_width: int | tuple[tuple[int, int], ...] = arg(
        doc="How many before and behind: a number or one pair for all axes of one example, "
        "or a pair for each axis, (0, 0) for the batch."
    )
    mode: Literal[
        "constant",
        "edge",
        "linear_ramp",
        "maximum",
        "mean",
        "median",
        "minimum",
        "reflect",
        "symmetric",
        "wrap",
    ] = arg(default="constant", doc="What they are: a constant, or from what is there.")
    constant_values: float | None = arg(default=None, doc="The constant; none is 0.")

    def check(self) -> str | None:
        """Nothing is cut off."""
        if self.constant_values is not None and self.mode != "constant":
            return f'constant_values are for the mode "constant", not "{self.mode}"'
        width = self.pad_width
        each = [width] if isinstance(width, int) else [size for pair in width for size in pair]
        return bad_size(each, "pad_width", least=0)

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        pairs = self.pad_width
        if isinstance(pairs, int):
            pairs = ((pairs, pairs),)
        if len(pairs) == 1:
            pairs = (*((0, 0),) * int(batched(x)), *pairs * len(example_axes(x)))
        if len(pairs) == x.type.rank and batched(x) and pairs[0] != (0, 0):
            raise TypeRuleError("the batch axis 0 is not padded: its pair must be (0, 0)")
        value = self.constant_values or 0.0
        return b.op("pad", x, pad_width=pairs, mode=self.mode, value=value)


class _Joining(Operation):
    """Tensors put together."""

    variadic: ClassVar[bool] = True


@final
@op("stack")
class Stack(_Joining):
    """Tensors of one shape along a new axis."""

    example = Example("stack(x1, x2, axis=1)", x1="f32[6]", x2="f32[6]")

    axis: int = arg(default=0, doc="Where the new axis stands in the result; not before the batch.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        operands = _alike(b, operands)
        return b.op("stack", *operands, axis=axis_of(operands[0], self.axis, places=1))


@final
@op("concatenate")
class Concatenate(_Joining):
    """Tensors behind each other along an axis; the layer of that name does the same."""

    axis: int = arg(default=0, doc="The axis; not the batch.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        operands = _alike(b, operands)
        return _join(b, operands, axis_of(operands[0], self.axis))


@final
@op("hstack")
class HStack(_Joining):
    """Tensors behind each other along axis 1; rows without a batch along their only axis."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        operands = _alike(b, operands)
        first = operands[0]
        axis = 0 if first.type.rank == 1 and not batched(first) else axis_of(first, 1)
        return _join(b, operands, axis)


@final
@op("dstack")
class DStack(_Joining):
    """Tensors behind each other along axis 2, which is made where there are only two."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        operands = _alike(b, operands)
        rank = operands[0].type.rank
        if rank < 2:
            raise TypeRuleError(f"{operands[0].type} has not the two axes that dstack needs")
        if rank == 2:
            operands = tuple(b.op("expand_dims", x, axis=2) for x in operands)
        return _join(b, operands, 2)


@final
@op("append")
class Append(Operation):
    """The second tensor behind the first."""

    operands: ClassVar[int] = 2

    axis: int | None = arg(default=None, doc="The axis; by default each example is one row.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        operands = _alike(b, operands)
        if self.axis is not None:
            return _join(b, operands, axis_of(operands[0], self.axis))
        rows = tuple(flat(b, x) for x in operands)
        return _join(b, rows, rows[0].type.rank - 1)


def _alike(b: Builder, operands: tuple[Value, ...]) -> tuple[Value, ...]:
    """Those without a batch axis once for each example, if others have one."""
    if not any(map(batched, operands)):
        return operands
    return tuple(x if batched(x) else _for_each(b, x) for x in operands)


def _for_each(b: Builder, x: Value) -> Value:
    shape: tuple[Dim, ...] = (BATCH, *x.type.shape)
    return b.op("broadcast_to", x, shape=shape)


def _join(b: Builder, operands: tuple[Value, ...], axis: int) -> Value:
    for x in operands:
        if x.type.rank > axis:
            fixed(x, axis)
    return operands[0] if len(operands) == 1 else b.op("concatenate", *operands, axis=axis)
