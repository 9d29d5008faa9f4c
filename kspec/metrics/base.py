"""What a metric is: sums over examples, and a result from the sums.

Sums add up over batches, dispatches and devices; the result is taken once an epoch, so
a metric is exact however the epoch was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeVar

from kspec.ir import Builder, Value
from kspec.metrics.operands import to_f32, weigh
from kspec.registry import Definition, arg, register

__all__ = ["MeanMetric", "Metric", "arg", "metric"]

M = TypeVar("M", bound="type[Metric]")


def metric(name: str) -> Callable[[M], M]:
    """Register a metric under the name that specs use."""
    return register("metric", name)


class Metric(Definition):
    """A number about a whole split, or several.

    Attributes:
        operands: How many tensors it works on: truth and prediction, or one alone.
        best: Which way it is better; None where only the author knows.
        merged: What makes one number of a result that has several, for messages.
    """

    kind: ClassVar[str] = "metric"
    operands: ClassVar[int] = 2
    best: ClassVar[Literal["min", "max"] | None] = "min"
    merged: ClassVar[str] = ""

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """One batch's share of every sum.

        Args:
            b: The builder.
            operands: What is true, as the data field has it, and what the model gave.
            weight: `f32[B]`, how much each example counts; zero for those that only fill the
                batch up. It acts as Keras' `sample_weight`.

        Returns:
            Tensors without a batch axis, by name. Batches add.

        Raises:
            TypeRuleError: The operands do not fit the metric or each other.
        """
        raise NotImplementedError

    def result(self, b: Builder, **sums: Value) -> Value:
        """The metric, `f32[]` or `f32[n]`, from the sums over the split."""
        raise NotImplementedError


class MeanMetric(Metric):
    """A metric that is the weighted mean of one number an example."""

    def values(self, b: Builder, *operands: Value) -> Value:
        """`[B,...]`: the numbers whose mean is the metric."""
        raise NotImplementedError

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The sum of the weighted values, and of the weights."""
        values = to_f32(b, self.values(b, *operands))
        rest = tuple(range(1, values.type.rank))
        each = b.op("mean", values, axis=rest) if rest else values
        return {"total": weigh(b, each, weight), "count": b.op("sum", weight, axis=(0,))}

    def result(self, b: Builder, **sums: Value) -> Value:
        """The quotient of the sums; 0 over no examples."""
        return b.op("divide_no_nan", sums["total"], sums["count"])
