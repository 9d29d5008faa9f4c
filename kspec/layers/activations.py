"""Activations that are layers of their own, because they learn or take other arguments.

An activation whose layer in Keras has the same arguments, `elu`, is no layer here: as a
step of a model its name means the activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.activations.functions import LeakyRelu, Relu
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.regularizers.base import Regularizer


class _Activation(Layer):
    """A function of each element, whose results are named as those of an activation."""

    shape = "*batch -> *batch"
    masking = "keeps"
    numbered = False


@final
@layer("relu")
class ReluLayer(_Activation):
    """min(x, max_value) where x > threshold, else negative_slope * (x - threshold)."""

    max_value: float | None = arg(default=None, doc="The largest result; none is no limit.")
    negative_slope: float = arg(default=0.0, doc="The slope below the threshold.")
    threshold: float = arg(default=0.0, doc="Where the other slope begins.")

    def check(self) -> str | None:
        """No argument is negative."""
        for name in ("max_value", "negative_slope", "threshold"):
            value: float | None = getattr(self, name)
            if value is not None and value < 0:
                return f"{name} must not be negative, not {value}"
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Those of the activation."""
        same = Relu(
            negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )
        return same.lower(b, to_float(b, operands[0]))


@final
@layer("leaky_relu")
class LeakyReluLayer(_Activation):
    """x if x > 0, else negative_slope * x.

    The slope is 0.3 as in Keras' layer; the activation of this name, `dense(8, leaky_relu)`,
    has Keras' 0.2.
    """

    negative_slope: float = arg(default=0.3, doc="The slope below zero.")

    def check(self) -> str | None:
        """A negative slope would be another function."""
        if self.negative_slope < 0:
            return f"negative_slope must not be negative, not {self.negative_slope}"
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The activation."""
        return LeakyRelu(negative_slope=self.negative_slope).lower(b, to_float(b, operands[0]))


@final
@layer("prelu")
class PRelu(Layer):
    """max(x, 0) + alpha * min(x, 0), where the slopes alpha are learned.

    Source: He et al., Delving Deep into Rectifiers, 2015.
    """

    shape = "batch *axes -> batch *axes"
    masking = "keeps"

    alpha_initializer: Initializer = arg(default=Zeros(), doc="How the slopes start.")
    alpha_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the slopes.")
    alpha_constraint: Constraint | None = arg(
        default=None, doc="What the slopes are brought back to."
    )
    shared_axes: int | tuple[int, ...] | None = arg(
        default=None, doc="Axes along which there is one slope; (1, 2) for the places of an image."
    )

    def _shared(self) -> tuple[int, ...]:
        shared = self.shared_axes
        return () if shared is None else (shared,) if isinstance(shared, int) else shared

    def misfit(self, *operands: TensorType) -> str | None:
        """Shared axes are there, and are not the batch."""
        bad = [axis for axis in self._shared() if not 0 < axis < operands[0].rank]
        return f"{operands[0]} has no axis {bad[0]} to share slopes along" if bad else None

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """A slope for each element of an example, or for those of the axes not shared."""
        shared = self._shared()
        axes = [1 if i in shared else n for i, n in enumerate(types[0].shape) if i]
        names = " ".join(map(str, axes))
        start, penalty = self.alpha_initializer, self.alpha_regularizer
        spec = WeightSpec(names, start, regularizer=penalty, constraint=self.alpha_constraint)
        return {"alpha": spec}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Both sides of zero."""
        x = to_float(b, operands[0])
        below = b.op("relu", b.op("negative", x))
        return b.op("subtract", b.op("relu", x), b.op("multiply", weights["alpha"], below))


@final
@layer("softmax")
class SoftmaxLayer(Layer):
    """exp(x) / sum(exp(x)) along an axis or several.

    Elements where a `mask` is false get 0, as if they were not there.
    """

    shape = "*batch -> *batch"
    keywords = ("mask",)
    masking = "uses"
    numbered = False

    axis: int | tuple[int, ...] = arg(default=-1, doc="The axis, or axes, that sum to 1.")

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One op along one axis; along several, exponentials over their sum."""
        (operand,) = operands
        x = to_float(b, operand.value)
        mask = named["mask"][0].value if "mask" in named else operand.mask
        if "mask" not in named and mask is not None and mask.type.shape != x.type.shape:
            mask = None  # one of time steps, which passes by
        if mask is not None:
            if mask.type.dtype != "bool":
                mask = b.op("greater", to_float(b, mask), b.constant(0.5))
            low = -3e4 if x.type.dtype == "f16" else -1e9
            x = b.op("select", mask, x, b.constant(low, x.type.dtype))
            if x.type.shape != operand.value.type.shape:
                raise TypeRuleError(f"a mask {mask.type} does not fit {operand.value.type}")
        y = self._softmax(b, x)
        if mask is not None:
            y = b.op("select", mask, y, b.constant(0.0, y.type.dtype))
        return (Masked(y, operand.mask),)

    def _softmax(self, b: Builder, x: Value) -> Value:
        rank = x.type.rank
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        bad = [axis for axis in axes if not -rank <= axis < rank or axis % rank == 0]
        if bad or not axes:
            if bad and bad[0] in (0, -rank):
                raise TypeRuleError("axis 0 is the batch axis: examples do not mix")
            raise TypeRuleError(f"{x.type} has no axis {bad[0] if bad else ()} to sum along")
        places = tuple(sorted({axis % rank for axis in axes}))
        if len(places) == 1:
            return b.op("softmax", x, axis=places[0])
        top = b.op("stop_gradient", b.op("max", x, axis=places, keepdims=True))
        powers = b.op("exp", b.op("subtract", x, top))
        return b.op("divide", powers, b.op("sum", powers, axis=places, keepdims=True))
