"""Layers that make more places of each, channels last."""

from __future__ import annotations

from typing import Literal, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer, repeat, to_float
from kspec.layers.spatial import Sizes, bad_sizes, rank_of
from kspec.registry import Example


class _UpSampling(Layer):
    """Repeat each place along the axes between batch and channels."""

    size: Sizes = arg(default=2, doc="How often, one number or one an axis.")

    def check(self) -> str | None:
        """Nothing vanishes."""
        return bad_sizes(self, "size")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One repetition an axis."""
        (x,) = operands
        for axis, count in enumerate(repeat(self.size, rank_of(self)), start=1):
            x = b.op("repeat", x, axis=axis, repeats=count)
        return x


@final
@layer("up_sampling1d")
class UpSampling1D(_UpSampling):
    """Repeat each time step: y[b, t, c] = x[b, t // size, c]."""

    shape = "batch steps channels -> batch places channels"

    size: int = arg(default=2, doc="How often.")  # pyright: ignore[reportIncompatibleVariableOverride]


@final
@layer("up_sampling2d")
class UpSampling2D(_UpSampling):
    """Enlarge images: y[b, i, j, c] = x[b, i // rows, j // columns, c], or between the pixels."""

    shape = "batch height width channels -> batch rows columns channels"

    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = arg(
        default="nearest", doc="What stands between the pixels."
    )

    def misfit(self, *operands: TensorType) -> str | None:
        """The new size must be a number."""
        names = [axis for axis in operands[0].shape[1:3] if isinstance(axis, str)]
        return f"the axis `{names[0]}` has no fixed size" if names else None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Repetitions, or a resizing."""
        if self.interpolation == "nearest":
            return super().lower(b, *operands)
        x = to_float(b, operands[0])
        factors = repeat(self.size, 2)
        sizes = map(int, x.type.shape[1:3])
        size = tuple(n * factor for n, factor in zip(sizes, factors, strict=True))
        return b.op("resize", x, size=size, method=self.interpolation)


@final
@layer("up_sampling3d")
class UpSampling3D(_UpSampling):
    """Repeat each place of volumes along depth, height and width."""

    shape = "batch depth height width channels -> batch planes rows columns channels"


@final
@layer("repeat_vector")
class RepeatVector(Layer):
    """Give each example as many time steps, all the same: y[b, t, i] = x[b, i]."""

    example = Example("x -> repeat_vector(3)", x="f32[6]")

    shape = "batch features -> batch n features"

    n: int = arg(doc="How many.")

    def check(self) -> str | None:
        """There must be a step."""
        return None if self.n > 0 else "n must be at least 1"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One repetition along a new axis."""
        return b.op("repeat", b.op("expand_dims", operands[0], axis=1), axis=1, repeats=self.n)
