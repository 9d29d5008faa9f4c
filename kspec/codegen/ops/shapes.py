"""Shapes and places. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, jax_dtype
from kspec.ir import Dim, Op


@emits("reshape")
def _reshape(op: Op, w: Writer, args: list[str]) -> str:
    shape = cast("tuple[Dim, ...]", op.attrs["shape"])
    sizes = [w.dim(axis) if isinstance(axis, str) else str(axis) for axis in shape]
    return f"{args[0]}.reshape({', '.join(sizes)})"


@emits("transpose")
def _transpose(op: Op, w: Writer, args: list[str]) -> str:
    return f"{args[0]}.transpose{op.attrs['permutation']}"


@emits("expand_dims", "squeeze")
def _axis(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.{op.name}({args[0]}, axis={op.attrs['axis']})"


@emits("concatenate")
def _concatenate(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.concatenate([{', '.join(args)}], axis={op.attrs['axis']})"


@emits("index")
def _index(op: Op, w: Writer, args: list[str]) -> str:
    items = cast("tuple[int | tuple[int | None, ...], ...]", op.attrs["items"])
    parts = [str(item) if isinstance(item, int) else _slice(item) for item in items]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return f"{args[0]}[{', '.join(parts)}]"


def _slice(item: tuple[int | None, ...]) -> str:
    start, stop, step = ("" if part is None else str(part) for part in item)
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


@emits("take")
def _take(op: Op, w: Writer, args: list[str]) -> str:
    return f"{args[0]}[{args[1]}]"


@emits("one_hot")
def _one_hot(op: Op, w: Writer, args: list[str]) -> str:
    dtype = jax_dtype(op.attrs["dtype"])
    return f"jax.nn.one_hot({args[0]}, {op.attrs['depth']}, dtype={dtype})"
