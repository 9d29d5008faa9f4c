"""Elements turned, repeated, padded, and put together. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, emits_calls, literal
from kspec.ir import Dim, Op

emits_calls("offset", "axis1", "axis2", diagonal="jnp.diagonal")


@emits("flip")
def _flip(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.flip({args[0]}, axis={_short(op, 'axis')})"


@emits("roll")
def _roll(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.roll({args[0]}, {_short(op, 'shift')}, axis={_short(op, 'axis')})"


def _short(op: Op, name: str) -> str:
    """A tuple; one number for a tuple of one."""
    values = cast("tuple[int, ...]", op.attrs[name])
    return str(values[0] if len(values) == 1 else values)


@emits("update_slice")
def _update_slice(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.lax.dynamic_update_slice({args[0]}, {args[1]}, {op.attrs['start']})"


@emits("stack")
def _stack(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.stack([{', '.join(args)}], axis={op.attrs['axis']})"


@emits("tile")
def _tile(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.tile({args[0]}, {op.attrs['repeats']})"


@emits("repeat")
def _repeat(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.repeat({args[0]}, {op.attrs['repeats']}, axis={op.attrs['axis']})"


@emits("pad")
def _pad(op: Op, w: Writer, args: list[str]) -> str:
    parts = [args[0], str(op.attrs["pad_width"])]
    if op.attrs["mode"] != "constant":
        parts.append(f"mode={literal(op.attrs['mode'])}")
    elif op.attrs["value"]:
        parts.append(f"constant_values={literal(op.attrs['value'])}")
    return f"jnp.pad({', '.join(parts)})"


@emits("broadcast_to")
def _broadcast_to(op: Op, w: Writer, args: list[str]) -> str:
    shape = cast("tuple[Dim, ...]", op.attrs["shape"])
    sizes = [w.dim(axis) if isinstance(axis, str) else str(axis) for axis in shape]
    return f"jnp.broadcast_to({args[0]}, ({', '.join(sizes)}{',' * (len(sizes) == 1)}))"


@emits("tril", "triu")
def _triangle(op: Op, w: Writer, args: list[str]) -> str:
    k = op.attrs["k"]
    return f"jnp.{op.name}({args[0]}{f', k={k}' if k else ''})"
