"""Smooth activations, relu and its kin. Formulas are Keras'; each is one op where it can be."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.activations.base import Activation, activation, arg
from kspec.ir import Builder, Value
from kspec.ops.base import axis_of


class OneOp(Activation):
    """An activation that is one op without attributes."""

    op: ClassVar[str]

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op(self.op, x)


@final
@activation("linear")
class Linear(Activation):
    """The input itself: x. Keras' default where a layer has an activation."""

    def lower(self, b: Builder, x: Value) -> Value:
        """Nothing to write."""
        return x


@final
@activation("relu")
class Relu(Activation):
    """max(x, 0), or with a slope below the threshold and a limit above it.

    min(x, max_value) where x > threshold, else negative_slope * (x - threshold).
    """

    negative_slope: float = arg(default=0.0, doc="The slope below the threshold.")
    max_value: float | None = arg(default=None, doc="The largest result; none is no limit.")
    threshold: float = arg(default=0.0, doc="Where the other slope begins.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op, or several."""
        slope, most, start = self.negative_slope, self.max_value, self.threshold
        if slope and most is None and not start:
            return b.op("leaky_relu", x, negative_slope=slope)
        dtype = x.type.dtype
        if start:
            above = b.op("greater", x, b.constant(start, dtype))
            y = b.op("select", above, x, b.constant(0.0, dtype))
        else:
            y = b.op("relu6" if most == 6 else "relu", x)
        if most is not None and (start or most != 6):
            y = b.op("clip", y, min=0.0, max=most)
        if slope:
            below = b.op("subtract", b.constant(start, dtype), x) if start else b.op("negative", x)
            below = b.op("multiply", b.constant(slope, dtype), b.op("relu", below))
            y = b.op("subtract", y, below)
        return y


@final
@activation("relu6")
class Relu6(OneOp):
    """min(max(x, 0), 6)."""

    op = "relu6"


@final
@activation("sigmoid")
class Sigmoid(OneOp):
    """1 / (1 + exp(-x))."""

    op = "sigmoid"


@final
@activation("log_sigmoid")
class LogSigmoid(OneOp):
    """log(1 / (1 + exp(-x)))."""

    op = "log_sigmoid"


@final
@activation("hard_sigmoid")
class HardSigmoid(OneOp):
    """relu6(x + 3) / 6."""

    op = "hard_sigmoid"


@final
@activation("tanh")
class Tanh(OneOp):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""

    op = "tanh"


@final
@activation("softplus")
class Softplus(OneOp):
    """log(exp(x) + 1)."""

    op = "softplus"


@final
@activation("softsign")
class Softsign(OneOp):
    """x / (abs(x) + 1)."""

    op = "softsign"


@final
@activation("silu")
class Silu(OneOp):
    """x * sigmoid(x). Source: Ramachandran et al., Searching for Activation Functions, 2017."""

    op = "silu"


@final
@activation("hard_silu")
class HardSilu(OneOp):
    """x * hard_sigmoid(x). Source: Howard et al., Searching for MobileNetV3, 2019."""

    op = "hard_silu"


@final
@activation("mish")
class Mish(OneOp):
    """x * tanh(softplus(x)). Source: Misra, Mish, 2019."""

    op = "mish"


@final
@activation("selu")
class Selu(OneOp):
    """1.0507 * elu(x, 1.6733). Source: Klambauer et al., Self-Normalizing Networks, 2017."""

    op = "selu"


@final
@activation("exponential")
class Exponential(OneOp):
    """The exponential: exp(x)."""

    op = "exp"


@final
@activation("elu")
class Elu(Activation):
    """x if x > 0, else alpha * (exp(x) - 1). Source: Clevert et al., 2015."""

    alpha: float = arg(default=1.0, doc="The limit far below zero, negated.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("elu", x, alpha=self.alpha)


@final
@activation("celu")
class Celu(Activation):
    """max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)). Source: Barron, 2017."""

    alpha: float = arg(default=1.0, doc="The limit far below zero, negated.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("celu", x, alpha=self.alpha)


@final
@activation("gelu")
class Gelu(Activation):
    """x * P(X <= x) for a standard normal X. Source: Hendrycks and Gimpel, 2016."""

    approximate: bool = arg(default=False, doc="Whether to use the formula with tanh.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("gelu", x, approximate=self.approximate)


@final
@activation("leaky_relu")
class LeakyRelu(Activation):
    """x if x > 0, else negative_slope * x."""

    negative_slope: float = arg(default=0.2, doc="The slope below zero.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("leaky_relu", x, negative_slope=self.negative_slope)


@final
@activation("softmax")
class Softmax(Activation):
    """exp(x) / sum(exp(x)) along an axis."""

    axis: int = arg(default=-1, doc="The axis that sums to 1.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("softmax", x, axis=axis_of(x, self.axis))


@final
@activation("log_softmax")
class LogSoftmax(Activation):
    """x - log(sum(exp(x))) along an axis."""

    axis: int = arg(default=-1, doc="The axis of the classes.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("log_softmax", x, axis=axis_of(x, self.axis))
