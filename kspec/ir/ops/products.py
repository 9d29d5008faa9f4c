"""Products and windows. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    broadcast,
    channels_last,
    integer,
    integers,
    op,
    require,
    require_float,
    window,
)
from kspec.ir.types import BATCH, TensorType


@op("matmul")
def _matmul(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a matrix product")
    x, w = types
    require_float(x, "a matrix product")
    require(x.dtype == w.dtype, f"{x} and {w} have different element types")
    require(x.rank >= 1 and w.rank >= 1, f"{x} @ {w} is no product of matrices")
    columns, rows = x.shape[-1], w.shape[-2:][0]
    require(columns == rows, f"{x} @ {w}: {columns} columns meet {rows} rows")
    leading = broadcast(x.with_shape(x.shape[:-2]), w.with_shape(w.shape[:-2]))
    kept = (*x.shape[-2:-1], *(w.shape[-1:] if w.rank > 1 else ()))
    apart = w.rank < 3 or BATCH not in kept
    require(apart, f"{x} @ {w}: each example would meet every other")
    return (TensorType(x.dtype, (*leading, *kept)),)


@op("matmul_narrow")
def _matmul_narrow(types: Types, attrs: Attrs) -> Types:
    """A `matmul` with a matrix."""
    arity(types, 2, "a matrix product")
    x, w = types
    require(x.rank >= 2 and w.rank == 2, f"{x} @ {w} is no product of rows with a matrix")
    return _matmul(types, attrs)


@op("conv", required=("strides", "padding", "dilation"), groups=1)
def _conv(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a convolution")
    x, kernel = types
    require_float(x, "a convolution")
    require(x.rank == kernel.rank and x.rank >= 3, f"a kernel {kernel} does not slide over {x}")
    groups = integer(attrs, "groups")
    channels, filters = x.shape[-1], kernel.shape[-1]
    require(
        isinstance(channels, int) and channels % groups == 0,
        f"{channels} channels do not divide into {groups} groups",
    )
    require(
        isinstance(filters, int) and filters % groups == 0,
        f"{filters} filters do not divide into {groups} groups",
    )
    require(
        kernel.shape[-2] == cast("int", channels) // groups, f"a kernel {kernel} does not fit {x}"
    )
    sizes = zip(
        x.shape[1:-1],
        cast("tuple[int, ...]", kernel.shape[:-2]),
        integers(attrs, "strides"),
        integers(attrs, "dilation"),
        strict=True,
    )
    advice = channels_last(x)
    spatial = tuple(window(n, k, s, attrs["padding"], d, "kernel", advice) for n, k, s, d in sizes)
    return (TensorType(x.dtype, (x.shape[0], *spatial, filters)),)


@op("conv_by_examples", "conv_native", required=("strides", "padding"))
def _conv_by_one(types: Types, attrs: Attrs) -> Types:
    """A `conv` that goes by 1."""
    ones = (1,) * (types[0].rank - 2)
    require(attrs["strides"] == ones, "the kernels of convolutions go by 1")
    return _conv(types, {**attrs, "dilation": ones, "groups": 1})


@op("causal_conv", required=("strides", "dilation"), groups=1)
def _causal_conv(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a convolution")
    require(types[0].rank == 3, f"{types[0]} has no single axis of time steps")
    return _conv(types, {**attrs, "padding": "causal"})


@op("max_pool_tiles", required=("window", "strides", "padding"))
def _max_pool_tiles(types: Types, attrs: Attrs) -> Types:
    """A `max_pool` whose windows stand side by side."""
    require(attrs["window"] == attrs["strides"], "the windows of max_pool_tiles do not overlap")
    return _pool(types, attrs)


@op("max_pool", "avg_pool", required=("window", "strides", "padding"))
def _pool(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "pooling")
    (x,) = types
    sizes = zip(x.shape[1:-1], integers(attrs, "window"), integers(attrs, "strides"), strict=True)
    advice = channels_last(x)
    spatial = tuple(
        window(n, k, s, attrs["padding"], what="pool", advice=advice) for n, k, s in sizes
    )
    return (TensorType(x.dtype, (x.shape[0], *spatial, x.shape[-1])),)
