"""Convolutions, channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, WeightSpec, arg, layer, repeat, to_float
from kspec.layers.kernel import KernelLayer


@final
@layer("conv2d")
class Conv2D(KernelLayer):
    """Slide learned windows over height and width.

    y[b, i, j, f] = activation(bias[f] + sum over the window and the channels of
    x[b, i * stride + di, j * stride + dj, c] * kernel[di, dj, c, f])
    """

    shape = "batch height width channels -> batch rows columns filters"

    filters: int = arg(doc="Number of windows, the result's channels.")
    kernel_size: int | tuple[int, int] = arg(doc="Height and width of the windows.")
    strides: int | tuple[int, int] = arg(default=(1, 1), doc="Steps from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that stride 1 keeps the size.'
    )
    dilation_rate: int | tuple[int, int] = arg(
        default=(1, 1), doc="Distance of neighbours inside a window."
    )
    groups: int = arg(default=1, doc="Groups of channels that do not see each other.")

    def check(self) -> str | None:
        """Sizes are positive, and strides and dilation exclude each other."""
        strides, dilation = repeat(self.strides, 2), repeat(self.dilation_rate, 2)
        if min(self.filters, self.groups, *repeat(self.kernel_size, 2)) < 1:
            return "filters, groups and kernel_size must be at least 1"
        if min(*strides, *dilation) < 1:
            return "strides and dilation_rate must be at least 1"
        if max(strides) > 1 and max(dilation) > 1:
            return "strides and dilation_rate cannot both be greater than 1"
        if self.filters % self.groups:
            return f"{self.filters} filters do not divide into {self.groups} groups"
        return None

    def misfit(self, *operands: TensorType) -> str | None:
        """Channels must be known and divide into the groups."""
        channels = operands[0].shape[-1]
        if isinstance(channels, int) and channels % self.groups:
            return f"{channels} channels do not divide into {self.groups} groups"
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The windows and the offset."""
        rows, columns = repeat(self.kernel_size, 2)
        channels = dims["channels"]
        group = channels // self.groups if isinstance(channels, int) else "channels"
        return self.kernel_and_bias(f"{rows} {columns} {group} filters", "filters")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A convolution, an addition, the activation."""
        y = b.op(
            "conv",
            to_float(b, operands[0]),
            weights["kernel"],
            strides=repeat(self.strides, 2),
            padding=self.padding,
            dilation=repeat(self.dilation_rate, 2),
            groups=self.groups,
        )
        return self.finish(b, y, weights)
