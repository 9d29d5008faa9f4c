"""Batch normalization. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, emits_helper, literal
from kspec.ir import Op

emits_helper(
    "renorm_corrections", "epsilon", "rmin", "rmax", "dmax", rmin=None, rmax=None, dmax=None
)


@emits("masked_moments")
def _masked_moments(op: Op, w: Writer, args: list[str]) -> str:
    helper = w.helper("masked_moments" if len(args) == 2 else "moments_of_steps")
    return f"{helper}({', '.join(args)}, axis={op.attrs['axis']})"


@emits("batch_normalize")
def _batch_normalize(op: Op, w: Writer, args: list[str]) -> str:
    x, mean, variance, *rest = args
    named = [name for name in ("scale", "center") if op.attrs[name]]
    words = {"scale": "gamma", "center": "beta"}
    extra = [f"{words[name]}={value}" for name, value in zip(named, rest, strict=True)]
    attrs = [f"{name}={literal(op.attrs[name])}" for name in ("axis", "epsilon")]
    return f"{w.helper('batch_normalize')}({', '.join([x, mean, variance, *attrs, *extra])})"


@emits("moving_average")
def _moving_average(op: Op, w: Writer, args: list[str]) -> str:
    momentum = cast("float", op.attrs["momentum"])
    helper = w.helper("moving_average")
    return f"{helper}({args[0]}, {args[1]}, momentum={literal(momentum)})"
