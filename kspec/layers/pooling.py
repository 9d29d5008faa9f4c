"""Pooling, channels last."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, arg, layer, repeat, to_float


class _Pooling2D(Layer):
    """A rule applied to windows of height and width."""

    shape = "batch height width channels -> batch rows columns channels"
    op: ClassVar[str]

    pool_size: int | tuple[int, int] = arg(default=(2, 2), doc="Height and width of a window.")
    strides: int | tuple[int, int] | None = arg(
        default=None, doc="Steps from window to window; the window's size by default."
    )
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" lets windows reach over the edge.'
    )

    def check(self) -> str | None:
        """Windows and steps are positive."""
        strides = 1 if self.strides is None else self.strides
        sizes = (*repeat(self.pool_size, 2), *repeat(strides, 2))
        return None if min(sizes) > 0 else "pool_size and strides must be at least 1"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        window = repeat(self.pool_size, 2)
        strides = window if self.strides is None else repeat(self.strides, 2)
        return b.op(self.op, operands[0], window=window, strides=strides, padding=self.padding)


@final
@layer("max_pooling2d")
class MaxPooling2D(_Pooling2D):
    """Keep the largest element of each window."""

    op = "max_pool"


@final
@layer("average_pooling2d")
class AveragePooling2D(_Pooling2D):
    """Take the mean of each window; what lies over the edge is not counted."""

    op = "avg_pool"

    pool_size: int | tuple[int, int] = arg(doc="Height and width of a window.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op, on floats."""
        return super().lower(b, to_float(b, operands[0]))


class _GlobalPooling2D(Layer):
    """A rule applied to height and width as a whole."""

    shape = "batch height width channels -> batch *rest channels"
    op: ClassVar[str]

    keepdims: bool = arg(default=False, doc="Whether height and width stay, with size 1.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One reduction."""
        return b.op(self.op, to_float(b, operands[0]), axis=(1, 2), keepdims=self.keepdims)


@final
@layer("global_average_pooling2d")
class GlobalAveragePooling2D(_GlobalPooling2D):
    """Take the mean over height and width."""

    op = "mean"


@final
@layer("global_max_pooling2d")
class GlobalMaxPooling2D(_GlobalPooling2D):
    """Keep the largest element over height and width."""

    op = "max"
