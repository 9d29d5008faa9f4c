"""Pooling into as many places as are wanted, channels last."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, arg, layer, repeat, to_float
from kspec.layers.spatial import Sizes, bad_sizes, rank_of


class _AdaptivePooling(Layer):
    """A rule applied to windows that share the axes between batch and channels.

    Place i of n along an axis takes the elements from floor(i * size / n) up to, without it,
    ceil((i + 1) * size / n).
    """

    op: ClassVar[str]

    output_size: Sizes = arg(doc="Places in the result, one number or one an axis.")

    def check(self) -> str | None:
        """There must be places."""
        return bad_sizes(self, "output_size")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op an axis."""
        (x,) = operands
        for axis, places in enumerate(repeat(self.output_size, rank_of(self)), start=1):
            x = b.op(self.op, x, axis=axis, places=places)
        return x


class _AdaptiveMaxPooling(_AdaptivePooling):
    """Keep the largest element of each window."""

    op = "adaptive_max_pool"


class _AdaptiveAveragePooling(_AdaptivePooling):
    """Take the mean of each window."""

    op = "adaptive_avg_pool"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op an axis, on floats."""
        return super().lower(b, to_float(b, operands[0]))


@final
@layer("adaptive_average_pooling1d")
class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Take means over time steps, as many as are wanted."""

    shape = "batch steps channels -> batch places channels"


@final
@layer("adaptive_average_pooling2d")
class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Take means over height and width, as many as are wanted."""

    shape = "batch height width channels -> batch rows columns channels"


@final
@layer("adaptive_average_pooling3d")
class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """Take means over depth, height and width, as many as are wanted."""

    shape = "batch depth height width channels -> batch planes rows columns channels"


@final
@layer("adaptive_max_pooling1d")
class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """Keep the largest elements over time steps, as many as are wanted."""

    shape = "batch steps channels -> batch places channels"


@final
@layer("adaptive_max_pooling2d")
class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """Keep the largest elements over height and width, as many as are wanted."""

    shape = "batch height width channels -> batch rows columns channels"


@final
@layer("adaptive_max_pooling3d")
class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """Keep the largest elements over depth, height and width, as many as are wanted."""

    shape = "batch depth height width channels -> batch planes rows columns channels"
