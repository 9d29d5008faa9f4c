"""Ops on the axes between batch and channels. The type rules."""

from __future__ import annotations

from typing import Final, cast

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    integer,
    integers,
    op,
    require,
    require_float,
)
from kspec.ir.types import KEY, Dim, TensorType

# Ops whose work is a convolution's, forward or backward.
CONVOLUTIONS: Final = frozenset(
    {"conv", "causal_conv", "conv_by_examples", "conv_native", "conv_transpose"}
)


def _pairs(attrs: Attrs, name: str) -> tuple[tuple[int, int], ...]:
    return cast("tuple[tuple[int, int], ...]", attrs[name])


@op("conv_transpose", required=("strides", "padding", "dilation"))
def _conv_transpose(types: Types, attrs: Attrs) -> Types:
    """`padding` has a pair an axis: zeros before and behind the spread operand."""
    arity(types, 2, "a transposed convolution")
    x, kernel = types
    require_float(x, "a transposed convolution")
    require(x.dtype == kernel.dtype, f"{x} and {kernel} have different element types")
    require(x.rank == kernel.rank and x.rank >= 3, f"a kernel {kernel} does not slide over {x}")
    require(kernel.shape[-1] == x.shape[-1], f"a kernel {kernel} does not fit {x}")
    spatial: list[Dim] = []
    sizes = zip(
        x.shape[1:-1],
        cast("tuple[int, ...]", kernel.shape[:-2]),
        integers(attrs, "strides"),
        _pairs(attrs, "padding"),
        integers(attrs, "dilation"),
        strict=True,
    )
    for size, width, stride, (before, behind), dilation in sizes:
        grown = before + behind - (width - 1) * dilation
        if isinstance(size, str):
            require(
                stride == 1 and grown == 0,
                f"the axis {size} has no fixed size: over it a kernel moves by 1, "
                'and needs padding="same"',
            )
            spatial.append(size)
            continue
        count = (size - 1) * stride + 1 + grown
        require(count > 0, f"nothing is left of an axis of {size}")
        spatial.append(count)
    return (TensorType(x.dtype, (x.shape[0], *spatial, kernel.shape[-2])),)


@op("adaptive_max_pool", "adaptive_avg_pool", required=("axis", "places"))
def _adaptive_pool(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "pooling")
    (x,) = types
    axis = integer(attrs, "axis")
    require(x.dtype not in ("bool", KEY), f"numbers are needed, not {x}")
    require(0 <= axis < x.rank, f"{x} has no axis {axis}")
    require(
        isinstance(x.shape[axis], int),
        f"the axis {x.shape[axis]} has no fixed size, and adaptive pooling over it needs one",
    )
    places = integer(attrs, "places")
    return (x.with_shape((*x.shape[:axis], places, *x.shape[axis + 1 :])),)


@op("resize", required=("size", "method"), antialias=False)
def _resize(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "resizing")
    (x,) = types
    require(x.rank == 4, f"{x} is no batch of images")
    if attrs["method"] != "nearest":
        require_float(x, "interpolation")
    return (x.with_shape((x.shape[0], *integers(attrs, "size"), x.shape[-1])),)
