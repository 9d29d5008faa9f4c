"""Tensors made from numbers alone. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, jax_dtype, literal
from kspec.ir import Dim, Op


@emits("array")
def _array(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.array({_nested(op.attrs['value'])}, {jax_dtype(op.attrs['dtype'])})"


def _nested(value: object) -> str:
    """Nested tuples as lists."""
    if isinstance(value, tuple):
        return f"[{', '.join(_nested(item) for item in cast('tuple[object, ...]', value))}]"
    text = repr(value)
    return f'float("{text}")' if text in ("inf", "-inf", "nan") else text


@emits("full")
def _full(op: Op, w: Writer, args: list[str]) -> str:
    sizes = cast("tuple[Dim, ...]", op.attrs["shape"])
    axes = [w.dim(axis) if isinstance(axis, str) else str(axis) for axis in sizes]
    shape = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
    value = op.attrs["value"]
    dtype = jax_dtype(op.attrs["dtype"])
    if value in (0, 1):
        return f"jnp.{'ones' if value else 'zeros'}({shape}, {dtype})"
    return f"jnp.full({shape}, {literal(value)}, {dtype})"


@emits("full_like")
def _full_like(op: Op, w: Writer, args: list[str]) -> str:
    value = op.attrs["value"]
    if value in (0, 1):
        return f"jnp.{'ones' if value else 'zeros'}_like({args[0]})"
    return f"jnp.full_like({args[0]}, {literal(value)})"


@emits("arange")
def _arange(op: Op, w: Writer, args: list[str]) -> str:
    start, stop, step = (op.attrs[name] for name in ("start", "stop", "step"))
    numbers = [stop] if start == 0 and step == 1 else [start, stop]
    numbers += [step] if step != 1 else []
    given = ", ".join(repr(number) for number in numbers)
    return f"jnp.arange({given}, dtype={jax_dtype(op.attrs['dtype'])})"


@emits("linspace", "logspace", "geomspace")
def _space(op: Op, w: Writer, args: list[str]) -> str:
    parts = [repr(op.attrs[name]) for name in ("start", "stop", "num")]
    parts += [] if op.attrs["endpoint"] else ["endpoint=False"]
    parts += [f"base={op.attrs['base']}"] if op.attrs.get("base", 10) != 10 else []
    return f"jnp.{op.name}({', '.join([*parts, 'dtype=jnp.float32'])})"


@emits("eye", "tri")
def _eye(op: Op, w: Writer, args: list[str]) -> str:
    rows, columns, k = (op.attrs[name] for name in ("N", "M", "k"))
    parts = [str(rows)] if rows == columns else [str(rows), str(columns)]
    parts += [f"k={k}"] if k else []
    return f"jnp.{op.name}({', '.join([*parts, 'dtype=jnp.float32'])})"


@emits("bartlett", "blackman", "hamming", "hanning", "kaiser")
def _window(op: Op, w: Writer, args: list[str]) -> str:
    beta = f", {literal(op.attrs['beta'])}" if op.name == "kaiser" else ""
    return f"jnp.{op.name}({op.attrs['M']}{beta}).astype(jnp.float32)"
