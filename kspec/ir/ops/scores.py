"""Scores: what sums over a split come to, and correlations. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import Attrs, Types, arity, integer, integers, op, require, require_float
from kspec.ir.types import TensorType


def _alike(types: Types, count: int, name: str) -> TensorType:
    """Operands of one floating type."""
    arity(types, count, name)
    require_float(types[0], name)
    for each in types[1:]:
        require(each == types[0], f"{types[0]} and {each} differ")
    return types[0]


@op("f_beta", required=("beta",))
def _f_beta(types: Types, attrs: Attrs) -> Types:
    """Of true positives, false positives and false negatives."""
    return (_alike(types, 3, "an F-score"),)


@op("precision_recall_gain")
def _precision_recall_gain(types: Types, attrs: Attrs) -> Types:
    """Of true and false positives, true and false negatives."""
    return (_alike(types, 4, "a gain"),) * 2


@op("area_under", required=("method",))
def _area_under(types: Types, attrs: Attrs) -> Types:
    """Of the points' coordinates, a point a row."""
    points = _alike(types, 2, "an area")
    require(points.rank >= 1, f"{points} is no row of points")
    method = attrs["method"]
    require(method in ("interpolation", "minoring", "majoring"), f"there is no summation {method}")
    return (points.with_shape(points.shape[1:]),)


@op("interpolated_precision_area")
def _interpolated_precision_area(types: Types, attrs: Attrs) -> Types:
    """Of true positives, false positives and false negatives."""
    points = _alike(types, 3, "an area")
    require(points.rank >= 1, f"{points} is no row of points")
    return (points.with_shape(points.shape[1:]),)


@op("mean_iou", required=("classes",))
def _mean_iou(types: Types, attrs: Attrs) -> Types:
    """Of a confusion matrix."""
    arity(types, 1, "an intersection over union")
    (matrix,) = types
    require_float(matrix, "an intersection over union")
    size = matrix.shape[0] if matrix.rank == 2 else None
    require(isinstance(size, int) and matrix.shape == (size, size), f"{matrix} is not square")
    fit = all(0 <= each < cast("int", size) for each in integers(attrs, "classes"))
    require(fit, f"{matrix} has not the classes {attrs['classes']}")
    return (TensorType(matrix.dtype, ()),)


@op("r2_scores")
def _r2_scores(types: Types, attrs: Attrs) -> Types:
    """Of sum, squared sum and residual for each output, and the count; scores and spreads."""
    arity(types, 4, "an R2 score")
    outputs = _alike(types[:3], 3, "an R2 score")
    require(types[3] == outputs.with_shape(()), f"a count is one number, not {types[3]}")
    return (outputs, outputs)


@op("adjusted_r2", required=("regressors",))
def _adjusted_r2(types: Types, attrs: Attrs) -> Types:
    """Of scores and the number of samples."""
    arity(types, 2, "an adjusted R2 score")
    require_float(types[0], "an adjusted R2 score")
    require(types[1].shape == (), f"a number of samples is one number, not {types[1]}")
    return types[:1]


@op("pearson_correlation", "concordance_correlation", required=("axis",))
def _correlation(types: Types, attrs: Attrs) -> Types:
    """Of truth and prediction along an axis."""
    each = _alike(types, 2, "a correlation")
    axis = integer(attrs, "axis")
    require(0 <= axis < each.rank, f"{each} has no axis {axis}")
    return (each.with_shape((*each.shape[:axis], *each.shape[axis + 1 :])),)
