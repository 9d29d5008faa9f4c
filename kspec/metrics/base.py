"""What a metric is: sums over examples, and a result from the sums.

Sums add up over batches, dispatches and devices; the result is taken once an epoch, so
a metric is exact however the epoch was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeVar

from kspec.ir import Builder, Value
from kspec.registry import Definition, arg, register

__all__ = ["MeanMetric", "Metric", "arg", "metric"]

M = TypeVar("M", bound="type[Metric]")


def metric(name: str) -> Callable[[M], M]:
    """Register a metric under the name that specs use."""
    return register("metric", name)


class Metric(Definition):
    """A number about a whole split."""

    kind: ClassVar[str] = "metric"
    best: ClassVar[Literal["min", "max"]] = "min"  # which way it is better

    def update(
        self, b: Builder, y_true: Value, y_pred: Value, weight: Value
    ) -> Mapping[str, Value]:
        """One batch's share of every sum.

        Args:
            b: The builder.
            y_true: What is true, as the data field has it.
            y_pred: What the model gave.
            weight: `f32[B]`, zero for examples that only fill the batch up.

        Returns:
            Tensors without a batch axis, by name. Batches add.
        """
        raise NotImplementedError

    def result(self, b: Builder, **sums: Value) -> Value:
        """The metric, `f32[]` or a vector, from the sums over the split."""
        raise NotImplementedError


class MeanMetric(Metric):
    """A metric that is the weighted mean of one number an example."""

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """`f32[B,...]`: the numbers whose mean is the metric."""
        raise NotImplementedError

    def update(
        self, b: Builder, y_true: Value, y_pred: Value, weight: Value
    ) -> Mapping[str, Value]:
        """The sum of the weighted values, and of the weights."""
        values = self.values(b, y_true, y_pred)
        rest = tuple(range(1, values.type.rank))
        each = b.op("mean", values, axis=rest) if rest else values
        total = b.op("sum", b.op("multiply", each, weight), axis=(0,))
        return {"total": total, "count": b.op("sum", weight, axis=(0,))}

    def result(self, b: Builder, **sums: Value) -> Value:
        """The quotient of the sums; 0 over no examples."""
        return b.op("divide_no_nan", sums["total"], sums["count"])
