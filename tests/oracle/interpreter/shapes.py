"""Numbers that tensors are made of, and axes: reshaped, moved, joined, looked up."""

from __future__ import annotations

from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, UnknownOp, as_array, rule, unbroadcast


@rule("constant")
def _constant(op: Op, args: list[Array], context: Context) -> Any:
    return (as_array(op.attrs["value"], op.result.type),), lambda g: ()


@rule("vector")
def _vector(op: Op, args: list[Array], context: Context) -> Any:
    return (as_array(op.attrs["values"], op.result.type),), lambda g: ()


@rule("full")
def _full(op: Op, args: list[Array], context: Context) -> Any:
    shape = context.shape(op.result.type.shape)
    return (as_array(np.full(shape, op.attrs["value"]), op.result.type),), lambda g: ()


@rule("full_like")
def _full_like(op: Op, args: list[Array], context: Context) -> Any:
    return (np.full_like(args[0], op.attrs["value"]),), lambda g: (None,)


@rule("iota")
def _iota(op: Op, args: list[Array], context: Context) -> Any:
    return (np.arange(*context.shape(op.result.type.shape)),), lambda g: ()


@rule("reshape", "expand_dims", "squeeze")
def _reshape(op: Op, args: list[Array], context: Context) -> Any:
    (x,) = args
    shape = context.shape(op.result.type.shape)
    return (x.reshape(shape),), lambda g: (g.reshape(x.shape),)


@rule("transpose")
def _transpose(op: Op, args: list[Array], context: Context) -> Any:
    order: Any = op.attrs["permutation"]
    return (args[0].transpose(order),), lambda g: (g.transpose(np.argsort(order)),)


@rule("concatenate")
def _concatenate(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    ends = np.cumsum([each.shape[axis] for each in args])[:-1]
    return (np.concatenate(args, axis),), lambda g: np.split(g, ends, axis)


@rule("stack")
def _stack(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    return (np.stack(args, axis),), lambda g: list(np.moveaxis(g, axis, 0))


@rule("index")
def _index(op: Op, args: list[Array], context: Context) -> Any:
    (x,) = args
    items: Any = op.attrs["items"]
    place = tuple(slice(*item) if isinstance(item, tuple) else item for item in items)

    def back(g: Array) -> Any:
        spread = np.zeros_like(x)
        spread[place] = g
        return (spread,)

    return (x[place],), back


@rule("take")
def _take(op: Op, args: list[Array], context: Context) -> Any:
    table, places = args
    if places.size and (places.min() < 0 or places.max() >= len(table)):
        raise IndexError(f"a place of {op.result.type} is not among {len(table)} rows")

    def back(g: Array) -> Any:
        spread = np.zeros_like(table)
        np.add.at(spread, places, g)
        return spread, None

    return (table[places],), back


@rule("one_hot")
def _one_hot(op: Op, args: list[Array], context: Context) -> Any:
    depth: Any = op.attrs["depth"]
    hot = args[0][..., None] == np.arange(depth)
    return (as_array(hot, op.result.type),), lambda g: (None,)


@rule("flip")
def _flip(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    return (np.flip(args[0], axis),), lambda g: (np.flip(g, axis),)


@rule("pad")
def _pad(op: Op, args: list[Array], context: Context) -> Any:
    widths: Any = op.attrs["pad_width"]
    if op.attrs["mode"] != "constant":
        raise UnknownOp(f"the interpreter has no pad in mode {op.attrs['mode']}")
    (x,) = args
    inside = tuple(slice(low, low + size) for (low, _), size in zip(widths, x.shape, strict=True))
    made = np.pad(x, widths, constant_values=op.attrs["value"])  # type: ignore[call-overload]
    return (made,), lambda g: (g[inside],)


@rule("broadcast_to")
def _broadcast_to(op: Op, args: list[Array], context: Context) -> Any:
    shape = context.shape(op.result.type.shape)
    return (np.broadcast_to(args[0], shape),), lambda g: (unbroadcast(g, args[0].shape),)


@rule("repeat")
def _repeat(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    count: Any = op.attrs["repeats"]
    (x,) = args

    def back(g: Array) -> Any:
        shape = (*x.shape[: axis + 1], count, *x.shape[axis + 1 :])
        return (g.reshape(shape).sum(axis=axis + 1),)

    return (np.repeat(x, count, axis),), back


@rule("ones_mask")
def _ones_mask(op: Op, args: list[Array], context: Context) -> Any:
    return (np.ones(args[0].shape[:2], np.bool_),), lambda g: (None,)


@rule("length_mask")
def _length_mask(op: Op, args: list[Array], context: Context) -> Any:
    x, length = args
    return (np.arange(x.shape[1]) < length[:, None],), lambda g: (None, None)


@rule("spread_over_rows")
def _spread_over_rows(op: Op, args: list[Array], context: Context) -> Any:
    value, mask = args
    return (np.broadcast_to(value, mask.shape),), lambda g: (g.sum(), None)
