"""Answers of yes and no at several thresholds, counted by histograms.

An example falls into the bucket of as many thresholds as its prediction exceeds. The weights
of the true and of the false ones in each bucket add over batches, and the numbers of right and
wrong answers at every threshold are cumulative sums of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.operands import classes_of

TOLERANCE = 1e-7  # Keras' epsilon


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where predictions become a yes: above a threshold.

    Attributes:
        values: The thresholds in the author's order.
        even: Whether they are evenly spaced from 0 to 1.
        open_ends: Whether the first lies just below 0 and the last just above 1.
    """

    values: tuple[float, ...]
    even: bool
    open_ends: bool = False


class Counts(NamedTuple):
    """The weights of right and wrong answers, `f32[thresholds]` each."""

    true_positives: Value
    false_positives: Value
    true_negatives: Value
    false_negatives: Value


def given(thresholds: float | tuple[float, ...] | None, default: float) -> Thresholds:
    """The thresholds of an argument, which may be one or several."""
    if thresholds is None:
        thresholds = default
    values = thresholds if isinstance(thresholds, tuple) else (thresholds,)
    return Thresholds(values, is_even(values))


def spaced(count: int) -> Thresholds:
    """Evenly spaced thresholds from 0 to 1; a single one is at 0.5."""
    if count == 1:
        return Thresholds((0.5,), even=False)
    return Thresholds(tuple(i / (count - 1) for i in range(count)), even=True)


def is_even(values: tuple[float, ...]) -> bool:
    """Whether three thresholds or more are evenly spaced from 0 to 1, but for rounding."""
    last = len(values) - 1
    pairs = ((value, i / last) for i, value in enumerate(values) if last > 1)
    return last > 1 and all(abs(v - wanted) <= TOLERANCE + 1e-5 * wanted for v, wanted in pairs)


def check_thresholds(thresholds: float | tuple[float, ...] | None) -> str | None:
    """What is wrong with thresholds, or None."""
    values = thresholds if isinstance(thresholds, tuple) else (thresholds,)
    if not values:
        return "thresholds must have one at least"
    for value in values:
        if value is not None and not 0 <= value <= 1:
            return f"thresholds must be in [0, 1], not {value}"
    return None


def select_class(b: Builder, x: Value, class_id: int) -> Value:
    """One class of the last axis. Raises TypeRuleError where there is no such class."""
    classes = classes_of(x)
    if not -classes <= class_id < classes:
        raise TypeRuleError(f"class_id is {class_id}, and {x.type} has {classes} classes")
    items = (*((None, None, None),) * (x.type.rank - 1), class_id)
    return b.op("index", x, items=items)


def histograms(
    b: Builder,
    truth: Value,
    prediction: Value,
    weight: Value,
    thresholds: Thresholds,
    *,
    by_label: bool = False,
) -> Mapping[str, Value]:
    """What a batch adds to the sums: the weights in each bucket.

    Args:
        b: The builder.
        truth: Not 0 for a yes, of the prediction's shape.
        prediction: Numbers, `f32[B,...]`.
        weight: What each counts, of the prediction's rank.
        thresholds: The thresholds.
        by_label: Whether the last axis is kept.
    """
    if thresholds.even:
        count = len(thresholds.values)
        ends = thresholds.open_ends
        bucket = b.op("count_below_even", prediction, count=count, open_ends=ends)
    else:
        ascending = tuple(sorted(thresholds.values))
        bucket = b.op("count_below", prediction, thresholds=ascending)
    bins = len(thresholds.values) + 1
    positives, negatives = b.op_n(
        "binary_histograms", bucket, truth, weight, bins=bins, by_label=by_label
    )
    return {"positives": positives, "negatives": negatives}


def counts(b: Builder, sums: Mapping[str, Value], thresholds: Thresholds) -> Counts:
    """Right and wrong answers at each threshold, in the author's order."""
    found = b.op_n("confusion_counts", sums["positives"], sums["negatives"])
    values = thresholds.values
    order = sorted(range(len(values)), key=lambda i: values[i])
    if order != list(range(len(values))):
        places = tuple(order.index(i) for i in range(len(values)))
        at = b.op("vector", values=places, dtype="i32")
        found = tuple(b.op("take", each, at) for each in found)
    return Counts(*found)
