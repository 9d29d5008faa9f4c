"""What a metric is: sums over examples, and a result from the sums.

Sums add up over batches, dispatches and devices; the result is taken once an epoch, so
a metric is exact however the epoch was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeVar

from kspec.ir import Builder, TypeRuleError, Value
from kspec.layers.masks import of_elements
from kspec.metrics.operands import spread, to_f32
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
        masked: Whether a mask of the prediction's time steps counts, as in Keras.
    """

    kind: ClassVar[str] = "metric"
    operands: ClassVar[int] = 2
    best: ClassVar[Literal["min", "max"] | None] = "min"
    merged: ClassVar[str] = ""
    masked: ClassVar[bool] = False

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

    def update_steps(
        self, b: Builder, *operands: Value, weight: Value, steps: Value
    ) -> Mapping[str, Value]:
        """The same over the time steps that count, `bool[B,T]`, in the place of examples.

        Raises:
            TypeRuleError: The operands do not fit, or it does not know steps.
        """
        del b, operands, weight, steps
        raise TypeRuleError(f"`{self.name}` cannot leave out the time steps that are padding")

    def result(self, b: Builder, **sums: Value) -> Value:
        """The metric, `f32[]` or `f32[n]`, from the sums over the split."""
        raise NotImplementedError


class MeanMetric(Metric):
    """A metric that is the weighted mean of one number an example, or one a time step."""

    masked: ClassVar[bool] = True

    def values(self, b: Builder, *operands: Value) -> Value:
        """`[B,...]`: the numbers whose mean is the metric."""
        raise NotImplementedError

    def counted(self, b: Builder, *operands: Value, weight: Value) -> tuple[Value, Value | None]:
        """The values, and `bool[B,...]` where some of them do not count whatever the weights."""
        del weight
        return self.values(b, *operands), None

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The sum of the weighted values, and of the weights."""
        values, counts = self.counted(b, *operands, weight=weight)
        values = to_f32(b, values)
        if counts is not None:
            return _sums(b, values, b.op("multiply", to_f32(b, counts), spread(b, weight, values)))
        rest = tuple(range(1, values.type.rank))
        return _sums(b, b.op("mean", values, axis=rest) if rest else values, weight)

    def update_steps(
        self, b: Builder, *operands: Value, weight: Value, steps: Value
    ) -> Mapping[str, Value]:
        """The sum of the values of steps that count, weighted, and of the weights."""
        values, counts = self.counted(b, *operands, weight=weight)
        values = to_f32(b, values)
        if values.type.shape[:2] != steps.type.shape:
            return super().update_steps(b, *operands, weight=weight, steps=steps)
        weights = b.op("multiply", to_f32(b, steps), spread(b, weight, steps))
        if counts is None:
            rest = tuple(range(2, values.type.rank))
            return _sums(b, b.op("mean", values, axis=rest) if rest else values, weights)
        weights = b.op("multiply", to_f32(b, counts), of_elements(b, weights, values))
        return _sums(b, values, weights)

    def result(self, b: Builder, **sums: Value) -> Value:
        """The quotient of the sums; 0 over no examples."""
        return b.op("divide_no_nan", sums["total"], sums["count"])


def _sums(b: Builder, each: Value, weights: Value) -> Mapping[str, Value]:
    """Of numbers times their weights, and of the weights."""
    axes = tuple(range(each.type.rank))
    total = b.op("sum", b.op("multiply", each, weights), axis=axes)
    return {"total": total, "count": b.op("sum", weights, axis=axes)}
