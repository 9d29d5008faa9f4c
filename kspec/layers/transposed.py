"""Transposed convolutions, channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.ir import Builder, Value
from kspec.layers.base import Dims, WeightSpec, arg, layer, repeat, to_float
from kspec.layers.convolution import stride_or_dilate
from kspec.layers.kernel import KernelLayer
from kspec.layers.spatial import Pairs, Sizes, bad_sizes, rank_of


class _ConvTranspose(KernelLayer):
    """Spread each place over a learned window; windows that overlap are added."""

    filters: int = arg(doc="The result's channels.")
    kernel_size: Sizes = arg(doc="Size of the windows, one number or one an axis.")
    strides: Sizes = arg(default=1, doc="Steps between the windows of neighbors.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" gives size * stride, "valid" keeps all that windows reach.'
    )
    output_padding: Sizes | None = arg(
        default=None, doc="Places that are added at the end; `none` fits the size to the strides."
    )
    dilation_rate: Sizes = arg(default=1, doc="Distance of neighbors inside a window.")

    def check(self) -> str | None:
        """Sizes are positive, and strides and dilation exclude each other."""
        if self.filters < 1:
            return "filters must be at least 1"
        sizes = bad_sizes(self, "kernel_size", "strides", "dilation_rate")
        wrong = sizes or bad_sizes(self, "output_padding", least=0)
        wrong = wrong or stride_or_dilate(self.strides, self.dilation_rate)
        if wrong or self.output_padding is None:
            return wrong
        more, strides = (repeat(s, rank_of(self)) for s in (self.output_padding, self.strides))
        if any(extra >= stride for extra, stride in zip(more, strides, strict=True)):
            return "output_padding must be less than strides"
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The windows and the offset."""
        window = " ".join(map(str, repeat(self.kernel_size, rank_of(self))))
        return self.kernel_and_bias(f"{window} filters channels", "filters")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A transposed convolution, an addition, the activation."""
        y = b.op(
            "conv_transpose",
            to_float(b, operands[0]),
            weights["kernel"],
            strides=repeat(self.strides, rank_of(self)),
            padding=self.edges(),
            dilation=repeat(self.dilation_rate, rank_of(self)),
        )
        return self.finish(b, y, weights)

    def edges(self) -> Pairs:
        """The zeros before and behind the operand, whose elements stand `strides` apart.

        The last window reaches `reach` places of the result, and `span + reach - 2` zeros
        beside an operand of `(size - 1) * stride + 1` make room for them.
        """
        rank = rank_of(self)
        none = (None,) * rank
        extras = none if self.output_padding is None else repeat(self.output_padding, rank)
        sizes = (repeat(s, rank) for s in (self.kernel_size, self.strides, self.dilation_rate))
        edges: list[tuple[int, int]] = []
        for extra, width, stride, dilation in zip(extras, *sizes, strict=True):
            span = (width - 1) * dilation + 1
            if self.padding == "valid":
                reach = max(span, stride) if extra is None else span + extra
                before = span - 1
            else:
                reach = stride if extra is None else span % 2 + extra
                before = min((span + reach - 1) // 2, span - 1)
            edges.append((before, span + reach - 2 - before))
        return tuple(edges)


@final
@layer("conv1d_transpose")
class Conv1DTranspose(_ConvTranspose):
    """Spread time steps over learned windows, so that there are more of them.

    y[b, t * stride + dt - edge, f] = activation(bias[f] + sum over t, dt and the channels of
    x[b, t, c] * kernel[dt, f, c])
    """

    shape = "batch steps channels -> batch places filters"


@final
@layer("conv2d_transpose")
class Conv2DTranspose(_ConvTranspose):
    """Spread pixels over learned windows of height and width, so that images grow.

    y[b, i * stride + di - edge, j * stride + dj - edge, f] = activation(bias[f] + sum over
    i, j, the window and the channels of x[b, i, j, c] * kernel[di, dj, f, c])

    Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """

    shape = "batch height width channels -> batch rows columns filters"


@final
@layer("conv3d_transpose")
class Conv3DTranspose(_ConvTranspose):
    """Spread places over learned windows of depth, height and width, so that volumes grow.

    As `conv2d_transpose`, with one axis more.
    """

    shape = "batch depth height width channels -> batch planes rows columns filters"
