"""Normalization of each example by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.constraints.base import Constraint
from kspec.initializers.constants import Ones
from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.affine import AffineLayer, in_order, places, sizes
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float
from kspec.registry import Example
from kspec.regularizers.base import Regularizer


class _Restrained(AffineLayer):
    """Scale and shift with their penalties and constraints."""

    beta_regularizer: Regularizer | None = arg(default=None, doc="The penalty on beta.", last=True)
    gamma_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on gamma.", last=True
    )
    beta_constraint: Constraint | None = arg(
        default=None, doc="What beta is brought back to.", last=True
    )
    gamma_constraint: Constraint | None = arg(
        default=None, doc="What gamma is brought back to.", last=True
    )


@final
@layer("layer_normalization")
class LayerNormalization(_Restrained):
    """Bring each example to mean 0 and variance 1 along an axis, then scale and shift it.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    Source: Ba et al., Layer Normalization, 2016.
    """

    axis: int | tuple[int, ...] = arg(default=-1, doc="The axis, or axes, of the moments.")

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Scale and shift, of the axes' sizes."""
        return self.learned(sizes(places(self.axis, types[0]), types[0]))

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        x = to_float(b, operands[0])
        return b.op(
            "layer_norm",
            x,
            *in_order(weights),
            axis=places(self.axis, x.type),
            epsilon=self.epsilon,
            scale=self.scale,
            center=self.center,
        )


@final
@layer("group_normalization")
class GroupNormalization(_Restrained):
    """Bring each group of channels of an example to mean 0 and variance 1, then scale and shift.

    Moments go over all places and the channels of a group; one group is much like layer
    normalization, and as many groups as channels are instance normalization. Source: Wu and
    He, Group Normalization, 2018.
    """

    example = Example("x -> group_normalization(3)", x="f32[8, 8, 6]")

    groups: int = arg(default=32, doc="Number of groups; -1 for one for each channel.")
    axis: int = arg(default=-1, doc="The axis of the channels.")

    def check(self) -> str | None:
        """There are groups."""
        if self.groups < 1 and self.groups != -1:
            return f"groups must be at least 1, or -1, not {self.groups}"
        return super().check()

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Scale and shift, one of each for a channel."""
        return self.learned(sizes(places(self.axis, types[0]), types[0]))

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        x = to_float(b, operands[0])
        (axis,) = places(self.axis, x.type)
        channels = x.type.shape[axis]
        if isinstance(channels, str):
            raise TypeRuleError(f"axis {axis} of {x.type} has no fixed size")
        return b.op(
            "group_norm",
            x,
            *in_order(weights),
            groups=channels if self.groups == -1 else self.groups,
            axis=axis,
            epsilon=self.epsilon,
            scale=self.scale,
            center=self.center,
        )


@final
@layer("rms_normalization")
class RMSNormalization(Layer):
    """Divide by the root of the mean square along an axis, then scale as learned.

    y = x / sqrt(mean(x^2) + epsilon) * scale

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """

    shape = "*batch -> *batch"

    axis: int | tuple[int, ...] = arg(default=-1, doc="The axis, or axes, of the mean.")
    epsilon: float = arg(default=1e-6, doc="Added to the mean square.")

    def check(self) -> str | None:
        """Nothing negative is added to a square."""
        return None if self.epsilon >= 0 else "epsilon must not be negative"

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """The scale, of the axes' sizes."""
        return {"scale": WeightSpec(sizes(places(self.axis, types[0]), types[0]), Ones())}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        x = to_float(b, operands[0])
        axis = places(self.axis, x.type)
        return b.op("rms_norm", x, weights["scale"], axis=axis, epsilon=self.epsilon)


@final
@layer("unit_normalization")
class UnitNormalization(Layer):
    """Give each vector along an axis, or all of several axes, the length 1.

    y = x / max(sqrt(sum(x^2)), 1e-12)
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    axis: int | tuple[int, ...] = arg(default=-1, doc="The axis, or axes, of a vector.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op."""
        x = to_float(b, operands[0])
        return b.op("unit_norm", x, axis=places(self.axis, x.type), epsilon=1e-12)
