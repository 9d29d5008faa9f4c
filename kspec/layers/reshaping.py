"""Layers that move elements and change none."""

from __future__ import annotations

import math
from typing import final

from kspec.ir import Builder, Dim, TensorType, Value, bound_of
from kspec.layers.base import Layer, arg, layer
from kspec.registry import Example


@final
@layer("flatten")
class Flatten(Layer):
    """Put all axes but the batch into one."""

    shape = "batch *axes -> batch size"

    def misfit(self, *operands: TensorType) -> str | None:
        """The size of the result must be a number."""
        names = [axis for axis in operands[0].shape[1:] if isinstance(axis, str)]
        if not names:
            return None
        bound = bound_of(names[0])
        if bound is not None:
            return (
                f"the axis `{names[0]}` has no fixed size\n"
                f"without `buckets` in the data it is {bound} long; "
                "or take `global_average_pooling1d`"
            )
        image = operands[0].rank == 4 and isinstance(operands[0].shape[-1], int)
        other = ", or take `global_average_pooling2d`" if image else ""
        return (
            f"the axis `{names[0]}` has no fixed size\n"
            f"give the input a number in place of `{names[0]}`{other}"
        )

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One reshape."""
        batch, *axes = operands[0].type.shape
        return b.op("reshape", operands[0], shape=(batch, math.prod(map(int, axes))))


@final
@layer("reshape")
class Reshape(Layer):
    """Give the elements of each example another shape."""

    example = Example("x -> reshape((6, 8))", x="f32[8, 6]")

    shape = "batch *axes -> batch *target"

    target_shape: tuple[int, ...] = arg(doc="The new axes; one may be -1, for what is left.")

    def check(self) -> str | None:
        """At most one axis may be open."""
        if self.target_shape.count(-1) > 1:
            return "only one axis of target_shape may be -1"
        bad = [size for size in self.target_shape if size < 1 and size != -1]
        return f"{bad[0]} in target_shape is no size" if bad else None

    def misfit(self, *operands: TensorType) -> str | None:
        """The elements must fill the new shape."""
        axes = operands[0].shape[1:]
        names = [axis for axis in axes if isinstance(axis, str)]
        if names:
            return f"the axis `{names[0]}` has no fixed size"
        have = math.prod(map(int, axes))
        want = math.prod(size for size in self.target_shape if size != -1)
        fits = have % want == 0 if -1 in self.target_shape else have == want
        if fits:
            return None
        return (
            f"{have} elements do not fill {self.target_shape}\n"
            "one size may be -1, which stands for what is left"
        )

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One reshape."""
        batch, *axes = operands[0].type.shape
        have = math.prod(map(int, axes))
        want = math.prod(size for size in self.target_shape if size != -1)
        sizes = [have // want if size == -1 else size for size in self.target_shape]
        shape: tuple[Dim, ...] = (batch, *sizes)
        return b.op("reshape", operands[0], shape=shape)


@final
@layer("permute")
class Permute(Layer):
    """Put the axes of each example into another order; the batch stays first.

    `permute((2, 1))` makes of x[b, i, j] y[b, j, i].
    """

    example = Example("x -> permute((2, 1))", x="f32[8, 6]")

    shape = "batch *axes -> batch *permuted"

    # Keras' name for it; the method of that name is asked of the class.
    dims: tuple[int, ...] = arg(  # pyright: ignore[reportIncompatibleMethodOverride]
        doc="The axes, counted from 1, in their new order."
    )

    def check(self) -> str | None:
        """Each axis is there once."""
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            return f"{self.dims} is no order of the axes 1 to {len(self.dims)}"
        return None

    def misfit(self, *operands: TensorType) -> str | None:
        """Each axis has its place."""
        rank = operands[0].rank - 1
        fits = rank == len(self.dims)
        return None if fits else f"{operands[0]} has {rank} axes beside the batch, not {self.dims}"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One transposition."""
        return b.op("transpose", operands[0], permutation=(0, *self.dims))
