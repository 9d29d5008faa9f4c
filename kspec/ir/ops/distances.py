"""How far a prediction is from the truth, element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, broadcast, op, require, require_float
from kspec.ir.types import TensorType


@op("log_cosh")
@op("huber", required=("delta",))
def _of_difference(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "this loss")
    require_float(types[0], "a difference")
    return types


@op("absolute_percentage_error", "squared_logarithmic_error", "poisson_error")
def _of_two(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "this loss")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth.dtype == predicted.dtype, f"{truth} and {predicted} differ in element type")
    return (TensorType(predicted.dtype, broadcast(truth, predicted)),)
