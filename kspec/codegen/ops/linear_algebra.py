"""Matrices along the last two axes. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, emits_functions, emits_helper, literal
from kspec.ir import Op

emits_functions(inv="jnp.linalg.inv", det="jnp.linalg.det", solve="jnp.linalg.solve")
emits_helper("solve_triangular", "lower", lower=False)
emits_helper("lstsq", "rcond", rcond=None)


@emits("cholesky")
def _cholesky(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.linalg.cholesky({args[0]}{', upper=True' if op.attrs['upper'] else ''})"


@emits("logdet")
def _logdet(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.linalg.slogdet({args[0]})[1]"


@emits("pinv", "matrix_rank")
def _singular(op: Op, w: Writer, args: list[str]) -> str:
    name = "rcond" if op.name == "pinv" else "tol"
    given = op.attrs[name]
    limit = "" if given is None else f", {name}={literal(given)}"
    return f"jnp.linalg.{op.name}({args[0]}{limit})"


@emits("norm")
def _norm(op: Op, w: Writer, args: list[str]) -> str:
    axes = cast("tuple[int, ...]", op.attrs["axis"])
    axis = axes[0] if len(axes) == 1 else axes
    keep = ", keepdims=True" if op.attrs["keepdims"] else ""
    return f"jnp.linalg.norm({args[0]}, ord={literal(op.attrs['ord'])}, axis={axis}{keep})"
