"""All activations. Formulas are Keras'; each is one op unless it says otherwise."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.activations.base import Activation, activation, arg
from kspec.ir import Builder, Value


class _OneOp(Activation):
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
class Relu(_OneOp):
    """max(x, 0)."""

    op = "relu"


@final
@activation("relu6")
class Relu6(_OneOp):
    """min(max(x, 0), 6)."""

    op = "relu6"


@final
@activation("sigmoid")
class Sigmoid(_OneOp):
    """1 / (1 + exp(-x))."""

    op = "sigmoid"


@final
@activation("log_sigmoid")
class LogSigmoid(_OneOp):
    """log(1 / (1 + exp(-x)))."""

    op = "log_sigmoid"


@final
@activation("hard_sigmoid")
class HardSigmoid(_OneOp):
    """relu6(x + 3) / 6."""

    op = "hard_sigmoid"


@final
@activation("tanh")
class Tanh(_OneOp):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""

    op = "tanh"


@final
@activation("softplus")
class Softplus(_OneOp):
    """log(exp(x) + 1)."""

    op = "softplus"


@final
@activation("softsign")
class Softsign(_OneOp):
    """x / (abs(x) + 1)."""

    op = "softsign"


@final
@activation("silu")
class Silu(_OneOp):
    """x * sigmoid(x). Source: Ramachandran et al., Searching for Activation Functions, 2017."""

    op = "silu"


@final
@activation("hard_silu")
class HardSilu(_OneOp):
    """x * hard_sigmoid(x). Source: Howard et al., Searching for MobileNetV3, 2019."""

    op = "hard_silu"


@final
@activation("mish")
class Mish(_OneOp):
    """x * tanh(softplus(x)). Source: Misra, Mish, 2019."""

    op = "mish"


@final
@activation("selu")
class Selu(_OneOp):
    """1.0507 * elu(x, 1.6733). Source: Klambauer et al., Self-Normalizing Networks, 2017."""

    op = "selu"


@final
@activation("exponential")
class Exponential(_OneOp):
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
        return b.op("softmax", x, axis=self.axis % x.type.rank)


@final
@activation("log_softmax")
class LogSoftmax(Activation):
    """x - log(sum(exp(x))) along an axis."""

    axis: int = arg(default=-1, doc="The axis of the classes.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("log_softmax", x, axis=self.axis % x.type.rank)
