"""Reductions beside sums and means: products, ranks, and those that leave out NaN. Type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import Attrs, Types, arity, axis_of, op, reduced, require, require_float
from kspec.ir.types import KEY, TensorType


@op("prod", "ptp", required=("axis",), keepdims=False)
def _reduce(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a reduction")
    (x,) = types
    require(x.dtype not in ("bool", KEY), f"numbers are needed, not {x}")
    return (x.with_shape(reduced(x, attrs)),)


@op("nansum", "nanprod", "nanmax", "nanmin", required=("axis",), keepdims=False)
@op("nanmean", "nanvar", "nanstd", required=("axis",), keepdims=False)
@op("median", "nanmedian", required=("axis",), keepdims=False)
def _floats(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a reduction")
    (x,) = types
    require_float(x, "it")
    return (x.with_shape(reduced(x, attrs)),)


@op("quantile", "nanquantile", required=("axis", "q"), method="linear", keepdims=False)
def _quantile(types: Types, attrs: Attrs) -> Types:
    require(0 <= cast("float", attrs["q"]) <= 1, "a quantile is between 0 and 1")
    return _floats(types, attrs)


@op("argmin", "nanargmax", "nanargmin", required=("axis",))
def _place(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a search")
    (x,) = types
    axis = axis_of(x, attrs)
    return (TensorType("i32", (*x.shape[:axis], *x.shape[axis + 1 :])),)


@op("cumsum", "cumprod", "nancumsum", "nancumprod", required=("axis",))
def _cumulative(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a running sum")
    (x,) = types
    require(x.dtype not in ("bool", KEY), f"numbers are needed, not {x}")
    axis_of(x, attrs)
    return types
