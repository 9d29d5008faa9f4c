"""Counting: places among thresholds, histograms, ranks. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    broadcast,
    element_type,
    integer,
    op,
    require,
    require_float,
    require_integer,
)
from kspec.ir.types import TensorType


@op("vector", required=("values",), dtype="f32")
def _vector(types: Types, attrs: Attrs) -> Types:
    """Numbers that the spec gives."""
    arity(types, 0, "a vector")
    return (TensorType(element_type(attrs), (len(cast("tuple[object, ...]", attrs["values"])),)),)


@op("count_below", required=("thresholds",))
@op("count_below_even", required=("count",), open_ends=False)
def _count_below(types: Types, attrs: Attrs) -> Types:
    """How many thresholds, in ascending order, each number exceeds."""
    arity(types, 1, "a count of thresholds")
    require_float(types[0], "a count of thresholds")
    return (types[0].with_dtype("i32"),)


@op("binary_histograms", required=("bins",), by_label=False)
def _binary_histograms(types: Types, attrs: Attrs) -> Types:
    """Of buckets, a truth of yes and no, and weights; labels are the last axis."""
    arity(types, 3, "a histogram")
    bucket, truth, weight = types
    require_integer(bucket, "a bucket")
    require(bucket.shape == truth.shape, f"{bucket} and {truth} differ in shape")
    require(
        weight.rank == truth.rank and broadcast(weight, truth) == truth.shape,
        f"weights {weight} do not fit {truth}",
    )
    require(not attrs["by_label"] or truth.rank == 2, f"{truth} has not one axis of labels")
    labels = truth.shape[1:] if attrs["by_label"] else ()
    each = TensorType(weight.dtype, (integer(attrs, "bins"), *labels))
    return (each, each)


@op("class_counts", threshold=None)
def _class_counts(types: Types, attrs: Attrs) -> Types:
    """Of truth, scores and the examples' weights, three counts for each class."""
    arity(types, 3, "counts of classes")
    truth, scores, weight = types
    require_float(scores, "a score")
    require(truth == scores, f"{truth} and {scores} differ")
    require(scores.rank == 2, f"{scores} has not one axis of classes")
    require(weight.shape == scores.shape[:1], f"weights {weight} are not one an example")
    return (scores.with_shape(scores.shape[1:]),) * 3


@op("confusion_counts")
def _confusion_counts(types: Types, attrs: Attrs) -> Types:
    """From histograms over n + 1 buckets, four counts at n thresholds."""
    arity(types, 2, "counts at thresholds")
    positives, negatives = types
    require(positives == negatives, f"{positives} and {negatives} differ")
    bins = positives.shape[0] if positives.rank else None
    require(isinstance(bins, int) and bins > 1, f"{positives} is no histogram over thresholds")
    return (positives.with_shape((cast("int", bins) - 1, *positives.shape[1:])),) * 4


@op("confusion_matrix", required=("classes",), ignore=None)
def _confusion_matrix(types: Types, attrs: Attrs) -> Types:
    """Of class numbers, true and predicted, and weights."""
    arity(types, 3, "a confusion matrix")
    truth, predicted, weight = types
    require_integer(truth, "a true class")
    require_integer(predicted, "a predicted class")
    require(truth.shape == predicted.shape, f"{truth} and {predicted} differ in shape")
    require(
        weight.rank == truth.rank and broadcast(weight, truth) == truth.shape,
        f"weights {weight} do not fit {truth}",
    )
    return (TensorType(weight.dtype, (integer(attrs, "classes"),) * 2),)


@op("in_top_k", required=("k",))
def _in_top_k(types: Types, attrs: Attrs) -> Types:
    """Of class numbers and scores."""
    arity(types, 2, "a rank among scores")
    label, scores = types
    require_integer(label, "a class number")
    require_float(scores, "a score")
    require(label.shape == scores.shape[:-1], f"labels {label} do not fit scores {scores}")
    return (label.with_dtype("bool"),)


@op("keep_top_k", required=("k",))
def _keep_top_k(types: Types, attrs: Attrs) -> Types:
    """Along the last axis."""
    arity(types, 1, "a choice of the highest")
    require_float(types[0], "a score")
    size = types[0].shape[-1] if types[0].rank else 0
    fits = isinstance(size, int) and integer(attrs, "k") <= size
    require(fits, f"{types[0]} has no {attrs['k']} numbers in a row")
    return types


@op("signs_of_bits")
def _signs_of_bits(types: Types, attrs: Attrs) -> Types:
    """Of truth and the examples' weights."""
    arity(types, 2, "a change of 0 and 1 to -1 and 1")
    truth, weight = types
    require_float(truth, "a truth of -1 and 1")
    require(weight.shape == truth.shape[:1], f"weights {weight} are not one an example of {truth}")
    return types[:1]
