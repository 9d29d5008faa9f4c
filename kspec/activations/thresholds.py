"""Activations with thresholds and gates, and sparse ones."""

from __future__ import annotations

from typing import final

from kspec.activations.base import Activation, activation, arg
from kspec.activations.functions import OneOp
from kspec.ir import Builder, Value
from kspec.ops.base import axis_of
from kspec.registry import Example


@final
@activation("glu")
class Glu(Activation):
    """a * sigmoid(b), where a and b are the halves of an axis: the result has half its size.

    Source: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2016.
    """

    axis: int = arg(default=-1, doc="The axis that is halved; its size must be even.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("glu", x, axis=axis_of(x, self.axis))


@final
@activation("hard_tanh")
class HardTanh(OneOp):
    """min(max(x, -1), 1)."""

    op = "hard_tanh"


@final
@activation("tanh_shrink")
class TanhShrink(Activation):
    """x - tanh(x)."""

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the ops."""
        return b.op("subtract", x, b.op("tanh", x))


@final
@activation("hard_shrink")
class HardShrink(Activation):
    """x where abs(x) > threshold, else 0."""

    threshold: float = arg(default=0.5, doc="How far from 0 the results begin.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the ops."""
        far = b.op("greater", b.op("abs", x), b.constant(self.threshold, x.type.dtype))
        return b.op("select", far, x, b.constant(0.0, x.type.dtype))


@final
@activation("soft_shrink")
class SoftShrink(Activation):
    """x - threshold above the threshold, x + threshold below its negative, else 0."""

    threshold: float = arg(default=0.5, doc="How far from 0 the results begin.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the ops."""
        start = b.constant(self.threshold, x.type.dtype)
        low = b.constant(-self.threshold, x.type.dtype)
        zero = b.constant(0.0, x.type.dtype)
        below = b.op("select", b.op("less", x, low), b.op("add", x, start), zero)
        return b.op("select", b.op("greater", x, start), b.op("subtract", x, start), below)


@final
@activation("threshold")
class Threshold(Activation):
    """x where x > threshold, else default_value."""

    example = Example("x -> threshold(0.5, 0.0)", x="f32[6]")

    threshold: float = arg(doc="What is above it stays.")
    default_value: float = arg(doc="What the rest becomes.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the ops."""
        above = b.op("greater", x, b.constant(self.threshold, x.type.dtype))
        return b.op("select", above, x, b.constant(self.default_value, x.type.dtype))


@final
@activation("squareplus")
class Squareplus(Activation):
    """(x + sqrt(x ** 2 + b)) / 2. Source: Barron, Squareplus, 2021."""

    b: float = arg(default=4, doc="How smooth the bend is.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("squareplus", x, b=self.b)


@final
@activation("sparse_plus")
class SparsePlus(OneOp):
    """0 up to -1, (x + 1) ** 2 / 4 up to 1, then x."""

    op = "sparse_plus"


@final
@activation("sparse_sigmoid")
class SparseSigmoid(OneOp):
    """0 up to -1, (x + 1) / 2 up to 1, then 1."""

    op = "sparse_sigmoid"


@final
@activation("sparsemax")
class Sparsemax(Activation):
    """max(x - t, 0), with a threshold t for each row. Source: Martins and Astudillo, 2016.

    The threshold is the one that Keras 3.15 computes. Where several elements are kept, it is
    larger than the one of the paper, and the result sums to less than 1.
    """

    axis: int = arg(default=-1, doc="The axis of the classes.")

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the op."""
        return b.op("sparsemax", x, axis=axis_of(x, self.axis))
