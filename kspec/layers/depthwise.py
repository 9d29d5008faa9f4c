"""Convolutions that look at each channel on its own, channels last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.activations.base import Activation
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform
from kspec.ir import Builder, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, repeat, to_float
from kspec.layers.kernel import finish
from kspec.layers.spatial import Sizes, bad_sizes, rank_of
from kspec.regularizers.base import Regularizer


class _DepthwiseConv(Layer):
    """Slide windows of its own over each channel."""

    kernel_size: Sizes = arg(doc="Size of the windows, one number or one an axis.")
    strides: Sizes = arg(default=1, doc="Steps from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that stride 1 keeps the size.'
    )
    depth_multiplier: int = arg(default=1, doc="Windows of each channel.")
    dilation_rate: Sizes = arg(default=1, doc="Distance of neighbors inside a window.")
    activation: Activation | None = arg(default=None, doc="Applied to the result.")
    use_bias: bool = arg(default=True, doc="Whether to add the offset.")
    depthwise_initializer: Initializer = arg(default=GlorotUniform(), doc="How the windows start.")
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.")
    depthwise_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the windows.")
    bias_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the offset.")
    activity_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the result, a mean over the batch."
    )
    depthwise_constraint: Constraint | None = arg(
        default=None, doc="What the windows are brought back to."
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What the offset is brought back to."
    )

    def check(self) -> str | None:
        """Sizes are positive."""
        if self.depth_multiplier < 1:
            return "depth_multiplier must be at least 1"
        return bad_sizes(self, "kernel_size", "strides", "dilation_rate")

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The windows and the offset."""
        window = " ".join(map(str, repeat(self.kernel_size, rank_of(self))))
        weights = {
            "kernel": WeightSpec(
                f"{window} channels depth_multiplier",
                self.depthwise_initializer,
                regularizer=self.depthwise_regularizer,
                constraint=self.depthwise_constraint,
            )
        }
        if self.use_bias:
            channels = dims["channels"]
            known = isinstance(channels, int)
            weights["bias"] = WeightSpec(
                (channels * self.depth_multiplier,) if known else "channels",
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return weights

    def penalty(self) -> Regularizer | None:
        """The one on the result."""
        return self.activity_regularizer

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A convolution with as many groups as channels, an addition, the activation."""
        y = _slide(self, b, operands[0], weights["kernel"])
        return finish(b, y, weights, self.activation)


class _SeparableConv(Layer):
    """Slide windows over each channel, then mix the channels of each place."""

    filters: int = arg(doc="The result's channels.")
    kernel_size: Sizes = arg(doc="Size of the windows, one number or one an axis.")
    strides: Sizes = arg(default=1, doc="Steps from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that stride 1 keeps the size.'
    )
    dilation_rate: Sizes = arg(default=1, doc="Distance of neighbors inside a window.")
    depth_multiplier: int = arg(default=1, doc="Windows of each channel.")
    activation: Activation | None = arg(default=None, doc="Applied to the result.")
    use_bias: bool = arg(default=True, doc="Whether to add the offset.")
    depthwise_initializer: Initializer = arg(default=GlorotUniform(), doc="How the windows start.")
    pointwise_initializer: Initializer = arg(
        default=GlorotUniform(), doc="How the mix of channels starts."
    )
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.")
    depthwise_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the windows.")
    pointwise_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the mix of channels."
    )
    bias_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the offset.")
    activity_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the result, a mean over the batch."
    )
    depthwise_constraint: Constraint | None = arg(
        default=None, doc="What the windows are brought back to."
    )
    pointwise_constraint: Constraint | None = arg(
        default=None, doc="What the mix of channels is brought back to."
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What the offset is brought back to."
    )

    def check(self) -> str | None:
        """Sizes are positive."""
        if self.filters < 1 or self.depth_multiplier < 1:
            return "filters and depth_multiplier must be at least 1"
        return bad_sizes(self, "kernel_size", "strides", "dilation_rate")

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The windows, the mix of channels, and the offset."""
        rank, channels = rank_of(self), dims["channels"]
        window = " ".join(map(str, repeat(self.kernel_size, rank)))
        between = channels * self.depth_multiplier if isinstance(channels, int) else "channels"
        weights = {
            "depthwise_kernel": WeightSpec(
                f"{window} channels depth_multiplier",
                self.depthwise_initializer,
                regularizer=self.depthwise_regularizer,
                constraint=self.depthwise_constraint,
            ),
            "pointwise_kernel": WeightSpec(
                f"{'1 ' * rank}{between} filters",
                self.pointwise_initializer,
                regularizer=self.pointwise_regularizer,
                constraint=self.pointwise_constraint,
            ),
        }
        if self.use_bias:
            weights["bias"] = WeightSpec(
                "filters",
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return weights

    def penalty(self) -> Regularizer | None:
        """The one on the result."""
        return self.activity_regularizer

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Two convolutions, an addition, the activation."""
        ones = (1,) * rank_of(self)
        y = _slide(self, b, operands[0], weights["depthwise_kernel"])
        y = b.op(
            "conv",
            y,
            weights["pointwise_kernel"],
            strides=ones,
            padding="valid",
            dilation=ones,
        )
        return finish(b, y, weights, self.activation)


def _slide(layer: _DepthwiseConv | _SeparableConv, b: Builder, x: Value, kernel: Value) -> Value:
    """The convolution of each channel with its windows."""
    *window, channels, multiplier = map(int, kernel.type.shape)
    return b.op(
        "conv",
        to_float(b, x),
        b.op("reshape", kernel, hint="windows", shape=(*window, 1, channels * multiplier)),
        strides=repeat(layer.strides, rank_of(layer)),
        padding=layer.padding,
        dilation=repeat(layer.dilation_rate, rank_of(layer)),
        groups=channels,
    )


@final
@layer("depthwise_conv1d")
class DepthwiseConv1D(_DepthwiseConv):
    """Slide windows of its own over the time steps of each channel.

    y[b, t, c * depth_multiplier + m] = activation(bias[...] + sum over the window of
    x[b, t * stride + dt, c] * kernel[dt, c, m])
    """

    shape = "batch steps channels -> batch places results"


@final
@layer("depthwise_conv2d")
class DepthwiseConv2D(_DepthwiseConv):
    """Slide windows of its own over height and width of each channel.

    y[b, i, j, c * depth_multiplier + m] = activation(bias[...] + sum over the window of
    x[b, i * stride + di, j * stride + dj, c] * kernel[di, dj, c, m])
    """

    shape = "batch height width channels -> batch rows columns results"


@final
@layer("separable_conv1d")
class SeparableConv1D(_SeparableConv):
    """A depthwise convolution over time steps, then a product with a matrix at each.

    y[b, t, f] = activation(bias[f] + sum_k depthwise(x)[b, t, k] * pointwise_kernel[0, k, f])
    """

    shape = "batch steps channels -> batch places filters"


@final
@layer("separable_conv2d")
class SeparableConv2D(_SeparableConv):
    """A depthwise convolution over height and width, then a product with a matrix at each place.

    y[b, i, j, f] = activation(bias[f] + sum_k depthwise(x)[b, i, j, k] *
    pointwise_kernel[0, 0, k, f])

    Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2017).
    """

    shape = "batch height width channels -> batch rows columns filters"
