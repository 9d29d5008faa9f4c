"""Order and lookup. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, axis_of, broadcast, op, require, require_integer
from kspec.ir.types import BATCH, KEY


@op("sort", required=("axis",))
def _sort(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "sorting")
    (x,) = types
    require(x.dtype != KEY, f"{x} has no order")
    axis_of(x, attrs)
    return types


@op("argsort", required=("axis",))
def _argsort(types: Types, attrs: Attrs) -> Types:
    (x,) = _sort(types, attrs)
    return (x.with_dtype("i32"),)


@op("searchsorted", side="left")
def _searchsorted(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "searchsorted")
    row, values = types
    require(row.rank == 1 and row.shape != (BATCH,), f"one row of numbers is needed, not {row}")
    require(row.dtype == values.dtype, f"{row} and {values} have different element types")
    return (values.with_dtype("i32"),)


@op("take_along_axis", required=("axis",))
def _take_along_axis(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "take_along_axis")
    x, indices = types
    require_integer(indices, "a place")
    require(x.rank == indices.rank, f"{x} and places {indices} have different numbers of axes")
    axis = axis_of(x, attrs)
    around = x.with_shape((*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    return (x.with_shape(broadcast(around, indices)),)


@op("gather", required=("axis",))
def _gather(types: Types, attrs: Attrs) -> Types:
    """Elements at places of an axis, which the axes of the places stand for in the result."""
    arity(types, 2, "take")
    x, indices = types
    require_integer(indices, "a place")
    axis = axis_of(x, attrs)
    return (x.with_shape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])),)
