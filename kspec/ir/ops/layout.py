"""Elements turned, repeated, padded, and put together. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    axis_of,
    broadcast,
    fixed,
    integer,
    integers,
    op,
    require,
)
from kspec.ir.types import Dim, TensorType


@op("flip", required=("axis",))
def _flip(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "flip")
    _axes(types[0], attrs)
    return types


@op("roll", required=("shift", "axis"))
def _roll(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "roll")
    axes, shifts = _axes(types[0], attrs), integers(attrs, "shift")
    require(len(axes) == len(shifts), f"{len(shifts)} shifts do not fit {len(axes)} axes")
    return types


def _axes(x: TensorType, attrs: Attrs) -> tuple[int, ...]:
    axes = integers(attrs, "axis")
    require(all(0 <= axis < x.rank for axis in axes), f"{x} has no axis {axes}")
    return axes


@op("tile", required=("repeats",))
def _tile(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "tile")
    (x,) = types
    repeats = integers(attrs, "repeats")
    require(len(repeats) == x.rank, f"{len(repeats)} repeats do not fit {x}")
    shape: list[Dim] = []
    for axis, (size, count) in enumerate(zip(x.shape, repeats, strict=True)):
        shape.append(size if count == 1 else fixed(x, axis) * count)
    return (x.with_shape(tuple(shape)),)


@op("repeat", required=("repeats", "axis"))
def _repeat(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "repeat")
    (x,) = types
    axis = axis_of(x, attrs)
    size = fixed(x, axis) * integer(attrs, "repeats")
    return (x.with_shape((*x.shape[:axis], size, *x.shape[axis + 1 :])),)


@op("pad", required=("pad_width",), mode="constant", value=0.0)
def _pad(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "pad")
    (x,) = types
    widths = cast("tuple[tuple[int, int], ...]", attrs["pad_width"])
    require(len(widths) == x.rank, f"{len(widths)} pairs do not fit {x}")
    shape: list[Dim] = []
    for axis, (size, pair) in enumerate(zip(x.shape, widths, strict=True)):
        shape.append(size if sum(pair) == 0 else fixed(x, axis) + sum(pair))
    return (x.with_shape(tuple(shape)),)


@op("broadcast_to", required=("shape",))
def _broadcast_to(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "broadcast_to")
    (x,) = types
    result = x.with_shape(cast("tuple[Dim, ...]", attrs["shape"]))
    fits = x.rank <= result.rank and broadcast(x, result) == result.shape
    require(fits, f"{x} does not broadcast to {result}")
    return (result,)


@op("update_slice", required=("start",))
def _update_slice(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "update_slice")
    x, part = types
    start = integers(attrs, "start")
    require(x.dtype == part.dtype, f"{x} and {part} have different element types")
    require(len(start) == x.rank == part.rank, f"{part} is no part of {x} that begins at {start}")
    for axis, (size, begin) in enumerate(zip(part.shape, start, strict=True)):
        fits = size == x.shape[axis] and begin == 0
        fits = fits or 0 <= begin <= fixed(x, axis) - fixed(part, axis)
        require(fits, f"{part} from {begin} on does not fit axis {axis} of {x}")
    return (x,)


@op("stack", required=("axis",))
def _stack(types: Types, attrs: Attrs) -> Types:
    require(len(types) >= 1, "stack takes at least 1 operand")
    first, *others = types
    for other in others:
        require(other == first, f"{first} and {other} do not stack: their types differ")
    axis = integer(attrs, "axis")
    require(0 <= axis <= first.rank, f"{first} has no place {axis} for an axis")
    return (first.with_shape((*first.shape[:axis], len(types), *first.shape[axis:])),)


@op("tril", "triu", k=0)
def _triangle(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a triangle")
    require(types[0].rank >= 2, f"{types[0]} is no matrix")
    return types


@op("diagonal", required=("axis1", "axis2"), offset=0)
def _diagonal(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a diagonal")
    (x,) = types
    rows, columns = axis_of(x, attrs, "axis1"), axis_of(x, attrs, "axis2")
    require(rows != columns, f"a diagonal needs two axes, not {rows} twice")
    offset = integer(attrs, "offset")
    size = min(fixed(x, rows) + min(offset, 0), fixed(x, columns) - max(offset, 0))
    require(size > 0, f"{x} has no diagonal {offset}")
    rest = [size for axis, size in enumerate(x.shape) if axis not in (rows, columns)]
    return (x.with_shape((*rest, size)),)
