"""Pooling of all places at once, channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, Masked, Named, arg, layer, to_float
from kspec.layers.spatial import rank_of


class _GlobalPooling(Layer):
    """A rule applied to all axes between batch and channels as a whole."""

    op: ClassVar[str]

    keepdims: bool = arg(default=False, doc="Whether those axes stay, with size 1.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One reduction."""
        axes = tuple(range(1, rank_of(self) + 1))
        return b.op(self.op, operands[0], axis=axes, keepdims=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    """Take the mean."""

    op = "mean"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One reduction, of floats."""
        return super().lower(b, to_float(b, operands[0]))


class _GlobalMaxPooling(_GlobalPooling):
    """Keep the largest element."""

    op = "max"


@final
@layer("global_average_pooling1d")
class GlobalAveragePooling1D(_GlobalAveragePooling):
    """Take the mean over time steps, over those alone that the mask lets count.

    y[b, c] = sum_t mask[b, t] * x[b, t, c] / sum_t mask[b, t], and 0 where no step counts.
    """

    shape = "batch steps channels -> batch *rest channels"
    masking = "uses"

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """A mean, or the quotient of two sums where there is a mask."""
        x, mask = to_float(b, operands[0].value), operands[0].mask
        if mask is None:
            return (Masked(self.lower(b, x)),)
        real = b.op("expand_dims", mask, axis=2)
        kept = b.op("select", real, x, b.constant(0.0, x.type.dtype))
        total = b.op("sum", kept, axis=(1,), keepdims=self.keepdims)
        ones = b.op("cast", real, dtype=x.type.dtype)
        count = b.op("sum", ones, axis=(1,), keepdims=self.keepdims)
        return (Masked(b.op("divide_no_nan", total, count)),)


@final
@layer("global_average_pooling2d")
class GlobalAveragePooling2D(_GlobalAveragePooling):
    """Take the mean over height and width: y[b, c] = mean of x[b, ..., c]."""

    shape = "batch height width channels -> batch *rest channels"


@final
@layer("global_average_pooling3d")
class GlobalAveragePooling3D(_GlobalAveragePooling):
    """Take the mean over depth, height and width: y[b, c] = mean of x[b, ..., c]."""

    shape = "batch depth height width channels -> batch *rest channels"


@final
@layer("global_max_pooling1d")
class GlobalMaxPooling1D(_GlobalMaxPooling):
    """Keep the largest element over time steps: y[b, c] = max of x[b, ..., c]."""

    shape = "batch steps channels -> batch *rest channels"


@final
@layer("global_max_pooling2d")
class GlobalMaxPooling2D(_GlobalMaxPooling):
    """Keep the largest element over height and width: y[b, c] = max of x[b, ..., c]."""

    shape = "batch height width channels -> batch *rest channels"


@final
@layer("global_max_pooling3d")
class GlobalMaxPooling3D(_GlobalMaxPooling):
    """Keep the largest element over depth, height and width: y[b, c] = max of x[b, ..., c]."""

    shape = "batch depth height width channels -> batch *rest channels"
