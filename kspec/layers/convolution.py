"""Convolutions, channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, WeightSpec, arg, layer, repeat, to_float
from kspec.layers.kernel import KernelLayer
from kspec.layers.spatial import Sizes, bad_sizes, rank_of


class _Conv(KernelLayer):
    """Slide learned windows over the axes between batch and channels."""

    filters: int = arg(doc="Number of windows, the result's channels.")
    kernel_size: Sizes = arg(doc="Size of the windows, one number or one an axis.")
    strides: Sizes = arg(default=1, doc="Steps from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that stride 1 keeps the size.'
    )
    dilation_rate: Sizes = arg(default=1, doc="Distance of neighbors inside a window.")
    groups: int = arg(default=1, doc="Groups of channels that do not see each other.")

    def check(self) -> str | None:
        """Sizes are positive, and strides and dilation exclude each other."""
        if self.filters < 1 or self.groups < 1:
            return "filters and groups must be at least 1"
        if self.filters % self.groups:
            return f"{self.filters} filters do not divide into {self.groups} groups"
        return bad_sizes(self, "kernel_size", "strides", "dilation_rate") or stride_or_dilate(
            self.strides, self.dilation_rate
        )

    def misfit(self, *operands: TensorType) -> str | None:
        """Channels must divide into the groups."""
        channels = operands[0].shape[-1]
        if isinstance(channels, int) and channels % self.groups:
            return f"{channels} channels do not divide into {self.groups} groups"
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The windows and the offset."""
        channels = dims["channels"]
        group = channels // self.groups if isinstance(channels, int) else "channels"
        window = " ".join(map(str, repeat(self.kernel_size, rank_of(self))))
        return self.kernel_and_bias(f"{window} {group} filters", "filters")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A convolution, an addition, the activation."""
        y = b.op(
            "conv",
            to_float(b, operands[0]),
            weights["kernel"],
            strides=repeat(self.strides, rank_of(self)),
            padding=self.padding,
            dilation=repeat(self.dilation_rate, rank_of(self)),
            groups=self.groups,
        )
        return self.finish(b, y, weights)


def stride_or_dilate(strides: Sizes, dilation: Sizes) -> str | None:
    """Why strides and dilation do not go together, or None."""
    if max(repeat(strides, 1)) > 1 and max(repeat(dilation, 1)) > 1:
        return "strides and dilation_rate cannot both be greater than 1"
    return None


@final
@layer("conv1d")
class Conv1D(_Conv):
    """Slide learned windows over time steps.

    y[b, t, f] = activation(bias[f] + sum over the window and the channels of
    x[b, t * stride + dt, c] * kernel[dt, c, f])

    With `padding="causal"` the window ends at the time step itself, as in WaveNet.
    """

    shape = "batch steps channels -> batch places filters"

    # One way to pad more than the others have.
    padding: Literal["valid", "same", "causal"] = arg(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="valid",
        doc='"same" pads with zeros, so that stride 1 keeps the size; "causal" does so in front.',
    )

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A convolution, an addition, the activation."""
        if self.padding != "causal":
            return super().lower(b, *operands, **weights)
        y = b.op(
            "causal_conv",
            to_float(b, operands[0]),
            weights["kernel"],
            strides=repeat(self.strides, 1),
            dilation=repeat(self.dilation_rate, 1),
            groups=self.groups,
        )
        return self.finish(b, y, weights)


@final
@layer("conv2d")
class Conv2D(_Conv):
    """Slide learned windows over height and width.

    y[b, i, j, f] = activation(bias[f] + sum over the window and the channels of
    x[b, i * stride + di, j * stride + dj, c] * kernel[di, dj, c, f])
    """

    shape = "batch height width channels -> batch rows columns filters"


@final
@layer("conv3d")
class Conv3D(_Conv):
    """Slide learned windows over depth, height and width.

    y[b, h, i, j, f] = activation(bias[f] + sum over the window and the channels of
    x[b, h * stride + dh, i * stride + di, j * stride + dj, c] * kernel[dh, di, dj, c, f])
    """

    shape = "batch depth height width channels -> batch planes rows columns filters"
