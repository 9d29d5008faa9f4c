"""Shapes and places. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    element_type,
    elements,
    integer,
    integers,
    op,
    require,
    require_integer,
)
from kspec.ir.types import Dim, TensorType


@op("reshape", required=("shape",))
def _reshape(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "reshape")
    (x,) = types
    shape = cast("tuple[Dim, ...]", attrs["shape"])
    result = x.with_shape(shape)
    require(elements(shape) == elements(x.shape), f"{x} has not the elements of {result}")
    return (result,)


@op("transpose", required=("permutation",))
def _transpose(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "transpose")
    (x,) = types
    order = integers(attrs, "permutation")
    require(sorted(order) == list(range(x.rank)), f"{order} is no order of the axes of {x}")
    return (x.with_shape(tuple(x.shape[axis] for axis in order)),)


@op("expand_dims", required=("axis",))
def _expand_dims(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "expand_dims")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis <= x.rank, f"{x} has no place {axis} for an axis")
    return (x.with_shape((*x.shape[:axis], 1, *x.shape[axis:])),)


@op("squeeze", required=("axis",))
def _squeeze(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "squeeze")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis < x.rank and x.shape[axis] == 1, f"axis {axis} of {x} is not of size 1")
    return (x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :])),)


@op("concatenate", required=("axis",))
def _concatenate(types: Types, attrs: Attrs) -> Types:
    require(len(types) >= 2, "concatenate takes at least 2 operands")
    axis = integer(attrs, "axis")
    first = types[0]
    require(0 <= axis < first.rank, f"{first} has no axis {axis} to concatenate along")
    total = 0
    for type in types:
        rest = (*type.shape[:axis], *type.shape[axis + 1 :])
        same = type.rank == first.rank and rest == (*first.shape[:axis], *first.shape[axis + 1 :])
        require(
            same and type.dtype == first.dtype,
            f"{first} and {type} do not fit side by side\n"
            f"all but axis {axis}, along which they stand, must be the same",
        )
        size = type.shape[axis]
        require(isinstance(size, int), f"axis {axis} of {type} has no fixed size")
        total += cast("int", size)
    return (first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :])),)


@op("index", required=("items",))
def _index(types: Types, attrs: Attrs) -> Types:
    """`items` has one entry an axis: a place, or `(start, stop, step)`."""
    arity(types, 1, "an index")
    (x,) = types
    items = cast("tuple[int | tuple[int | None, ...], ...]", attrs["items"])
    require(len(items) == x.rank, f"{x} has {x.rank} axes, not {len(items)}")
    shape: list[Dim] = []
    for axis, (item, size) in enumerate(zip(items, x.shape, strict=True)):
        if isinstance(item, int):
            fits = not isinstance(size, int) or -size <= item < size
            require(fits, f"axis {axis} of {x} has no place {item}")
        elif item == (None, None, None):
            shape.append(size)
        else:
            require(isinstance(size, int), f"axis {axis} of {x} has no fixed size to cut")
            count = len(range(*slice(*item).indices(cast("int", size))))
            require(count > 0, f"nothing is left of axis {axis} of {x}")
            shape.append(count)
    return (x.with_shape(tuple(shape)),)


@op("take")
def _take(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a lookup")
    table, indices = types
    require_integer(indices, "a lookup")
    require(table.rank >= 1, f"{table} has no rows")
    return (TensorType(table.dtype, (*indices.shape, *table.shape[1:])),)


@op("one_hot", required=("depth",), dtype="f32")
def _one_hot(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "one_hot")
    require_integer(types[0], "one_hot")
    return (TensorType(element_type(attrs), (*types[0].shape, integer(attrs, "depth"))),)
