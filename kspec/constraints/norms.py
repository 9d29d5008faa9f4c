"""Constraints on the signs and lengths of weights."""

from __future__ import annotations

from typing import final

from kspec.constraints.base import Constraint, arg, constraint
from kspec.ir import Builder, TypeRuleError, Value

EPSILON = 1e-7  # Keras' own, added to a length before it divides

Axes = int | tuple[int, ...]


def _norm(b: Builder, w: Value, axis: Axes) -> Value:
    """The length along axes, which stay with size 1. Raises TypeRuleError."""
    rank = w.type.rank
    axes = (axis,) if isinstance(axis, int) else axis
    if any(not -rank <= each < rank for each in axes):
        raise TypeRuleError(f"{w.type} has no axis {axis}")
    along = tuple(sorted({each % rank for each in axes}))
    return b.op("sqrt", b.op("sum", b.op("square", w), axis=along, keepdims=True))


def _rescale(b: Builder, w: Value, norm: Value, wanted: Value) -> Value:
    """`w * wanted / (epsilon + norm)`."""
    length = b.op("add", norm, b.constant(EPSILON, w.type.dtype))
    return b.op("multiply", w, b.op("divide", wanted, length))


@final
@constraint("non_neg")
class NonNeg(Constraint):
    """max(w, 0)."""

    def lower(self, b: Builder, w: Value) -> Value:
        """One op."""
        return b.op("maximum", w, b.constant(0.0, w.type.dtype))


@final
@constraint("max_norm")
class MaxNorm(Constraint):
    """w * min(norm, max_value) / norm: no vector is longer than that.

    Source: Srivastava et al., Dropout, 2014, section 5.1.
    """

    max_value: float = arg(default=2, doc="The greatest length.")
    axis: int | tuple[int, ...] = arg(default=0, doc="The axis or axes of a vector.")

    def check(self) -> str | None:
        """A length is not negative."""
        return None if self.max_value >= 0 else f"max_value must not be negative: {self.max_value}"

    def lower(self, b: Builder, w: Value) -> Value:
        """A length, clipped, and a product."""
        norm = _norm(b, w, self.axis)
        return _rescale(b, w, norm, b.op("clip", norm, min=0.0, max=float(self.max_value)))


@final
@constraint("unit_norm")
class UnitNorm(Constraint):
    """w / norm: each vector has length 1."""

    axis: int | tuple[int, ...] = arg(default=0, doc="The axis or axes of a vector.")

    def lower(self, b: Builder, w: Value) -> Value:
        """A length and a quotient."""
        length = b.op("add", _norm(b, w, self.axis), b.constant(EPSILON, w.type.dtype))
        return b.op("divide", w, length)


@final
@constraint("min_max_norm")
class MinMaxNorm(Constraint):
    """Move the length of each vector towards an interval.

    w * ((1 - rate) * norm + rate * clip(norm, min_value, max_value)) / norm
    """

    min_value: float = arg(default=0.0, doc="The smallest length.")
    max_value: float = arg(default=1.0, doc="The greatest length.")
    rate: float = arg(default=1.0, doc="How much of the way: 1 is all of it at once.")
    axis: int | tuple[int, ...] = arg(default=0, doc="The axis or axes of a vector.")

    def check(self) -> str | None:
        """An interval of lengths."""
        if not 0 <= self.min_value <= self.max_value:
            return f"lengths from {self.min_value} to {self.max_value} are no interval"
        return None if 0 <= self.rate <= 1 else f"rate must be in [0, 1], not {self.rate}"

    def lower(self, b: Builder, w: Value) -> Value:
        """A length, moved, and a product."""
        norm, dtype = _norm(b, w, self.axis), w.type.dtype
        wanted = b.op("clip", norm, min=float(self.min_value), max=float(self.max_value))
        if self.rate != 1:
            moved = b.op("multiply", wanted, b.constant(self.rate, dtype))
            kept = b.op("multiply", norm, b.constant(1 - self.rate, dtype))
            wanted = b.op("add", moved, kept)
        return _rescale(b, w, norm, wanted)
