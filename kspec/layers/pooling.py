"""Pooling, channels last."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, arg, layer, repeat, to_float
from kspec.layers.spatial import Sizes, bad_sizes, rank_of


class _Pooling(Layer):
    """A rule applied to windows over the axes between batch and channels."""

    op: ClassVar[str]

    pool_size: Sizes = arg(default=2, doc="Size of a window, one number or one an axis.")
    strides: Sizes | None = arg(
        default=None, doc="Steps from window to window; the window's size by default."
    )
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" lets windows reach over the edge.'
    )

    def check(self) -> str | None:
        """Windows and steps are positive."""
        return bad_sizes(self, "pool_size", "strides")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        window = repeat(self.pool_size, rank_of(self))
        strides = window if self.strides is None else repeat(self.strides, rank_of(self))
        return b.op(self.op, operands[0], window=window, strides=strides, padding=self.padding)


class _MaxPooling(_Pooling):
    """Keep the largest element of each window."""

    op = "max_pool"


class _AveragePooling(_Pooling):
    """Take the mean of each window; what lies over the edge is not counted."""

    op = "avg_pool"

    pool_size: Sizes = arg(doc="Size of a window, one number or one an axis.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op, on floats."""
        return super().lower(b, to_float(b, operands[0]))


@final
@layer("max_pooling1d")
class MaxPooling1D(_MaxPooling):
    """Keep the largest element of each window over time steps."""

    shape = "batch steps channels -> batch places channels"


@final
@layer("max_pooling2d")
class MaxPooling2D(_MaxPooling):
    """Keep the largest element of each window over height and width."""

    shape = "batch height width channels -> batch rows columns channels"


@final
@layer("max_pooling3d")
class MaxPooling3D(_MaxPooling):
    """Keep the largest element of each window over depth, height and width."""

    shape = "batch depth height width channels -> batch planes rows columns channels"


@final
@layer("average_pooling1d")
class AveragePooling1D(_AveragePooling):
    """Take the mean of each window over time steps.

    What lies over the edge is not counted.
    """

    shape = "batch steps channels -> batch places channels"


@final
@layer("average_pooling2d")
class AveragePooling2D(_AveragePooling):
    """Take the mean of each window over height and width.

    What lies over the edge is not counted.
    """

    shape = "batch height width channels -> batch rows columns channels"


@final
@layer("average_pooling3d")
class AveragePooling3D(_AveragePooling):
    """Take the mean of each window over depth, height and width.

    What lies over the edge is not counted.
    """

    shape = "batch depth height width channels -> batch planes rows columns channels"
