"""Choose kernels for ops that XLA makes slow.

A kernel of `kspec/kernels` gives what its op gives, and has a derivative of its own. By which of
those that take it an op is fastest is looked up: in what `kspec tune` has measured on this
machine, else in the table that ships with kspec, `kernels.json`, where the op of the nearest shape
is. On which devices a kernel differs is in the kernel: elsewhere it leaves the op to XLA. Where
nothing is derived, only a kernel is taken whose forward pass is faster, too.

Before:
    func train(%x: f32[B,200,3]) {
      %c = conv(%x, @conv.kernel) dilation=(1,) groups=1 padding='same' strides=(1,) : f32[B,200,8]
      %p = max_pool(%c) padding='valid' strides=(2,) window=(2,) : f32[B,100,8]

After:
    func train(%x: f32[B,200,3]) {
      %c = conv_native(%x, @conv.kernel) padding='same' strides=(1,) : f32[B,200,8]
      %p = max_pool_tiles(%c) padding='valid' strides=(2,) window=(2,) : f32[B,100,8]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from kspec.ir import Func, Module, Op, TrainSettings
from kspec.passes.choices import Site, choose, key_of
from kspec.passes.measured import nearest
from kspec.passes.remarks import done, refused

MOST_WINDOWS: Final = 64 * 2**20  # bytes of the windows of an example, which stand beside all else
NUMBER: Final = 4
# A narrow matrix: its rows at least, its columns at most, and the factor between them.
LONG: Final = 128
NARROW: Final = 64
NARROWER: Final = 8
XLA: Final = "xla"
# Kernels whose forward pass is not XLA's.
FORWARD: Final = frozenset(
    {"conv_native", "layer_norm_native", "lstm_native", "gru_native", "attention_native"}
)
Kernels = Callable[[Op], tuple[Op, ...] | str]  # the op by each, or why by none


def select_kernels(module: Module) -> Module:
    """Choose in all functions."""
    return module.map_funcs(partial(_select, train=module.train))


def _select(func: Func, train: TrainSettings | None) -> Func:
    return func.with_ops(_selected(func.name, func.ops, train))


def _selected(func: str, ops: tuple[Op, ...], train: TrainSettings | None) -> list[Op]:
    """The ops of a function, or of a loop in it."""
    found: list[Op] = []
    for op in ops:
        kernels = KERNELS.get(op.name)
        if op.name == "scan" and op.body is not None:
            body = op.body.with_ops(_selected(func, op.body.ops, train))
            found.append(replace(op, body=body))
        else:
            found.append(_chosen(func, op, kernels(op), train) if kernels else op)
    return found


def _chosen(func: str, op: Op, found: tuple[Op, ...] | str, train: TrainSettings | None) -> Op:
    """The op, or a kernel in its place."""
    learns = func.startswith("train")
    if isinstance(found, str):
        if learns:
            refused(func, f"{op.name} {found}: its backward pass is XLA's", op.span)
        return op
    if not found:
        return op
    kernels = {each.name: each for each in found}
    options = (XLA, *kernels)
    key = key_of(op, train)
    default = nearest(key, options)
    title = key.partition(")")[0] + ")"
    way, here = choose(Site(key, options, default, title, func, op.span, cpu=True), train)
    why = "as measured on this machine" if here else "by the table of measurements"
    if way in FORWARD:
        done(func, f"{op.name} is computed by {way} on CPUs that have it, {why}", op.span)
    elif not learns:
        return op
    elif way == XLA:
        refused(func, f"the backward pass of {op.name} is XLA's, {why}", op.span)
    else:
        done(func, f"the backward pass of {op.name} is that of {way}, {why}", op.span)
    return kernels.get(way, op)


def _max_pool(op: Op) -> tuple[Op, ...] | str:
    """Windows side by side."""
    x, window = op.args[0].type, op.attrs["window"]
    if window != op.attrs["strides"] or not isinstance(window, tuple):
        return "has windows that overlap"
    sizes = zip(x.shape[1:-1], window, strict=True)
    filled = all(isinstance(n, int) and n % k == 0 for n, k in sizes if isinstance(k, int))
    if op.attrs["padding"] != "valid" and not filled:
        return "has windows beyond the edge"
    return (replace(op, name="max_pool_tiles"),)


def _conv(op: Op) -> tuple[Op, ...] | str:
    """By 1, over images whose size is known, and with windows that are more than a point."""
    x, kernel = (value.type for value in op.args)
    ones = (1,) * (x.rank - 2)
    if op.attrs["strides"] != ones or op.attrs["dilation"] != ones:
        return "leaves places out"
    if op.attrs["groups"] != 1:
        return "is in groups"
    places = [size for size in op.result.type.shape[1:-1] if isinstance(size, int)]
    if len(places) < len(ones):
        return "has places whose number is not known"
    sizes = [size for size in kernel.shape[:-1] if isinstance(size, int)]
    if math.prod(sizes[:-1]) == 1:
        return "has windows of one place"
    attrs = {key: op.attrs[key] for key in ("padding", "strides")}
    found: list[Op] = []
    if NUMBER * math.prod(sizes) * math.prod(places) <= MOST_WINDOWS:
        found.append(replace(op, name="conv_by_examples", attrs=attrs))
    if x.dtype == kernel.dtype == "f32" and len(ones) <= 2:
        found.append(replace(op, name="conv_native", attrs=attrs))
    return tuple(found) or "has large windows"


def _matmul(op: Op) -> tuple[Op, ...] | str:
    """Of float32 rows with a narrow matrix; others are so many that nothing is said of them."""
    x, kernel = (value.type for value in op.args)
    if x.dtype != "f32" or x.rank < 2 or kernel.rank != 2:
        return ()
    long, narrow = kernel.shape
    if not isinstance(long, int) or not isinstance(narrow, int):
        return ()
    if long < LONG or narrow > NARROW or NARROWER * narrow > long:
        return ()
    return (replace(op, name="matmul_narrow"),)


def _layer_norm(op: Op) -> tuple[Op, ...] | str:
    """Of float32, over the last axes."""
    types, axes = [value.type for value in op.args], op.attrs["axis"]
    if any(type.dtype != "f32" for type in types):
        return "is not of f32"
    rank = types[0].rank
    if not isinstance(axes, tuple) or axes != tuple(range(rank - len(axes), rank)):
        return "is not over the last axes"
    return (replace(op, name="layer_norm_native"),)


def _gelu(op: Op) -> tuple[Op, ...] | str:
    """Of float32."""
    if op.result.type.dtype != "f32":
        return "is not of f32"
    return (replace(op, name="gelu_native"),)


def _recurrent(op: Op) -> tuple[Op, ...] | str:
    """In float32."""
    if op.args[0].type.dtype != "f32":
        return "is not in float32"
    return (replace(op, name=f"{op.name}_native"),)


def _attention(op: Op) -> tuple[Op, ...] | str:
    """Of float32."""
    if any(value.type.dtype != "f32" for value in op.args[:3]):
        return "is not of float32"
    return (replace(op, name="attention_native"),)


KERNELS: Final[dict[str, Kernels]] = {
    "matmul": _matmul,
    "max_pool": _max_pool,
    "conv": _conv,
    "layer_norm": _layer_norm,
    "gelu": _gelu,
    "lstm": _recurrent,
    "gru": _recurrent,
    "dot_product_attention": _attention,
}
