"""Reductions of one tensor: its mean and its sum over a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.layers.masks import of_elements
from kspec.metrics.base import MeanMetric, Metric, metric
from kspec.metrics.operands import to_f32, weigh


@final
@metric("mean")
class Mean(MeanMetric):
    """The mean of a tensor: sum(weight * mean over an example) / sum(weight).

    The op `mean` is per example; this is over the split. Source: Keras' Mean.
    """

    operands: ClassVar[int] = 1
    best: ClassVar[Literal["min", "max"] | None] = None

    def values(self, b: Builder, *operands: Value) -> Value:
        """The tensor itself."""
        return operands[0]


@final
@metric("sum")
class Sum(Metric):
    """The sum of a tensor over the whole split: sum(weight * x).

    The op `sum` is per example; this is over the split. Source: Keras' Sum.
    """

    operands: ClassVar[int] = 1
    best: ClassVar[Literal["min", "max"] | None] = None
    masked: ClassVar[bool] = True

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The weighted sum over the batch."""
        values = to_f32(b, operands[0])
        rest = tuple(range(1, values.type.rank))
        each = b.op("sum", values, axis=rest) if rest else values
        return {"total": weigh(b, each, weight)}

    def update_steps(
        self, b: Builder, *operands: Value, weight: Value, steps: Value
    ) -> Mapping[str, Value]:
        """The same of the steps that count."""
        values = to_f32(b, operands[0])
        counts = of_elements(b, to_f32(b, steps), values)
        return self.update(b, b.op("multiply", values, counts), weight=weight)

    def result(self, b: Builder, **sums: Value) -> Value:
        """The sum itself."""
        return sums["total"]
