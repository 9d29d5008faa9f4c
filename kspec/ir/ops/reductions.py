"""Reductions. The type rules."""

from __future__ import annotations

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    integer,
    op,
    reduced,
    require,
    require_float,
)
from kspec.ir.types import KEY, TensorType


@op("sum", "max", "min", required=("axis",), keepdims=False)
def _reduce(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a reduction")
    (x,) = types
    require(x.dtype not in ("bool", KEY), f"numbers are needed, not {x}")
    return (x.with_shape(reduced(x, attrs)),)


@op("mean", required=("axis",), keepdims=False)
def _mean(types: Types, attrs: Attrs) -> Types:
    require_float(types[0], "a mean")
    return _reduce(types, attrs)


@op("argmax", required=("axis",))
def _argmax(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "argmax")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis < x.rank, f"{x} has no axis {axis}")
    return (TensorType("i32", (*x.shape[:axis], *x.shape[axis + 1 :])),)


@op("softmax", "log_softmax", required=("axis",))
def _softmax(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "softmax")
    require_float(types[0], "softmax")
    axis = integer(attrs, "axis")
    require(0 <= axis < types[0].rank, f"{types[0]} has no axis {axis}")
    return types
