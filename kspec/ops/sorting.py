"""Order along an axis: sorted numbers, and places of the largest and smallest."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import (
    Operation,
    arg,
    axis_of,
    boolean,
    example_axes,
    flat,
    number,
    op,
    to_float,
)
from kspec.registry import Example

__all__: list[str] = []


class _Sort(Operation):
    """The IR op of the same name along an axis."""

    axis: int = arg(default=-1, doc="The axis.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op(self.name, x, axis=axis_of(x, self.axis))


@final
@op("sort")
class Sort(_Sort):
    """The numbers along an axis, the smallest first."""


@final
@op("argsort")
class ArgSort(_Sort):
    """The places of the numbers along an axis, that of the smallest first."""


class _Place(Operation):
    """The place of one number along an axis."""

    plain: ClassVar[str]

    axis: int | None = arg(default=None, doc="The axis; by default each example is one row.")
    keepdims: bool = arg(default=False, doc="Whether the axis stays, with size 1.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; integers are never NaN."""
        x = number(b, operands[0])
        name = self.name if x.type.is_float else self.plain
        if self.axis is not None:
            axis = axis_of(x, self.axis)
            place = b.op(name, x, axis=axis)
            return b.op("expand_dims", place, axis=axis) if self.keepdims else place
        axes = example_axes(x)
        row = flat(b, x)
        place = b.op(name, row, axis=row.type.rank - 1)
        for axis in axes if self.keepdims else ():
            place = b.op("expand_dims", place, axis=axis)
        return place


@final
@op("argmax")
class ArgMax(_Place):
    """The place of the largest number along an axis."""

    plain: ClassVar[str] = "argmax"


@final
@op("argmin")
class ArgMin(_Place):
    """The place of the smallest number along an axis."""

    plain: ClassVar[str] = "argmin"


@final
@op("nanargmax")
class NanArgMax(_Place):
    """The place of the largest number along an axis that is not NaN; -1 where all are."""

    plain: ClassVar[str] = "argmax"


@final
@op("nanargmin")
class NanArgMin(_Place):
    """The place of the smallest number along an axis that is not NaN; -1 where all are."""

    plain: ClassVar[str] = "argmin"


@final
@op("searchsorted")
class SearchSorted(Operation):
    """Where numbers would stand in a sorted row, which is the same for every example."""

    example = Example("searchsorted(array([0.0, 0.5, 1.0]), x)", x="f32[6]")

    operands: ClassVar[int] = 2

    side: Literal["left", "right"] = arg(
        default="left", doc="Before or behind the numbers that are equal."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("searchsorted", *operands, side=self.side)


@final
@op("digitize")
class Digitize(Operation):
    """Which bin a number falls into: how many of the edges are not above it."""

    example = Example("digitize(x, [0.0, 0.5, 1.0])", x="f32[6]")

    elementwise: ClassVar[bool] = True

    bins: tuple[float, ...] = arg(doc="The edges, the smallest first.")

    def check(self) -> str | None:
        """Edges rise."""
        if not self.bins or any(before > after for before, after in pairwise(self.bins)):
            return "bins must be numbers that rise"
        return None

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A search in the edges."""
        x = to_float(b, operands[0])
        edges = b.op("array", value=self.bins, dtype=x.type.dtype)
        return b.op("searchsorted", edges, x, side="right")


@final
@op("in_top_k")
class InTopK(Operation):
    """Whether the score of the true class is among the k highest.

    The first operand has class numbers, the second a score for each class on its last axis.
    """

    example = Example("in_top_k(target, x, 3)", x="f32[10]", target="i32")

    operands: ClassVar[int] = 2
    promotes: ClassVar[int] = 2

    k: int = arg(doc="How many are looked at.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """The rank of the score: how many are higher. NaN is the lowest."""
        targets, scores = operands
        scores = to_float(b, scores)
        last = scores.type.rank - 1
        if targets.type.shape != scores.type.shape[:-1] or last < 0:
            raise TypeRuleError(f"classes {targets.type} do not fit scores {scores.type}")
        true = b.op("take_along_axis", scores, b.op("expand_dims", targets, axis=last), axis=last)
        lowest = b.constant(float("-inf"), scores.type.dtype)
        true = b.op("select", b.op("isnan", true), lowest, true)
        higher = b.op("cast", boolean(b, b.op("greater", scores, true)), dtype="i32")
        rank = b.op("sum", higher, axis=(last,))
        return b.op("less", rank, b.constant(self.k, "i32"))
