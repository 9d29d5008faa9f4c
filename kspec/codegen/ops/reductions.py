"""Reductions. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import Op


@emits("sum", "mean", "max", "min")
def reduce(op: Op, w: Writer, args: list[str]) -> str:
    """A reduction of `jnp` of the same name."""
    axes = cast("tuple[int, ...]", op.attrs["axis"])
    axis = axes[0] if len(axes) == 1 else axes
    keep = ", keepdims=True" if op.attrs["keepdims"] else ""
    return f"jnp.{op.name}({args[0]}, axis={axis}{keep})"


@emits("argmax")
def _argmax(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.argmax({args[0]}, axis={op.attrs['axis']})"


@emits("softmax", "log_softmax")
def _softmax(op: Op, w: Writer, args: list[str]) -> str:
    axis = op.attrs["axis"]
    last = axis == op.result.type.rank - 1
    return f"jax.nn.{op.name}({args[0]}{'' if last else f', axis={axis}'})"
