"""Penalties on the size of numbers."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.regularizers.base import Regularizer, arg, regularizer


def _check_factor(**factors: float) -> str | None:
    for name, factor in factors.items():
        if factor < 0:
            return f"{name} must not be negative, not {factor}"
    return None


def _penalty(b: Builder, x: Value, op: str, factor: float) -> Value:
    """`factor * sum(op(x))`."""
    total = b.op("sum", b.op(op, x), axis=tuple(range(x.type.rank)))
    return b.op("multiply", total, b.constant(factor, x.type.dtype))


@final
@regularizer("l1")
class L1(Regularizer):
    """l1 * sum(abs(x)): pulls weights to 0. Source: Tibshirani, the lasso, 1996."""

    l1: float = arg(default=0.01, doc="The factor.")

    def check(self) -> str | None:
        """A penalty does not reward."""
        return _check_factor(l1=self.l1)

    def lower(self, b: Builder, x: Value) -> Value:
        """A sum, times the factor."""
        return _penalty(b, x, "abs", self.l1)


@final
@regularizer("l2")
class L2(Regularizer):
    """l2 * sum(x ** 2): keeps weights small. Source: Hoerl and Kennard, ridge regression, 1970."""

    l2: float = arg(default=0.01, doc="The factor.")

    def check(self) -> str | None:
        """A penalty does not reward."""
        return _check_factor(l2=self.l2)

    def lower(self, b: Builder, x: Value) -> Value:
        """A sum, times the factor."""
        return _penalty(b, x, "square", self.l2)


@final
@regularizer("l1_l2")
class L1L2(Regularizer):
    """l1 * sum(abs(x)) + l2 * sum(x ** 2). Source: Zou and Hastie, the elastic net, 2005."""

    l1: float = arg(default=0.0, doc="The factor of the absolute values.")
    l2: float = arg(default=0.0, doc="The factor of the squares.")

    def check(self) -> str | None:
        """A penalty does not reward."""
        return _check_factor(l1=self.l1, l2=self.l2)

    def lower(self, b: Builder, x: Value) -> Value:
        """Both sums, those with a factor."""
        parts = [
            _penalty(b, x, op, factor)
            for op, factor in (("abs", self.l1), ("square", self.l2))
            if factor
        ]
        if not parts:
            return b.constant(0.0, x.type.dtype)
        return parts[0] if len(parts) == 1 else b.op("add", *parts)
