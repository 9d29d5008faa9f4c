"""Normalization of each example by itself, and of kernels. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, literal
from kspec.ir import Op


@emits("layer_norm", "layer_norm_native", "rms_norm", "group_norm", "unit_norm", "spectral_norm")
def _normalize(op: Op, w: Writer, args: list[str]) -> str:
    """A helper: `layer_normalize(x, gamma, beta, axis=-1, epsilon=0.001)`."""
    x, *weights = args
    attrs = dict(op.attrs)
    learned = {"gamma": attrs.pop("scale", True), "beta": attrs.pop("center", True)}
    if not all(learned.values()):
        names = [name for name, there in learned.items() if there]
        weights = [f"{name}={value}" for name, value in zip(names, weights, strict=True)]
    given = [f"{name}={_attr(op, name)}" for name in attrs]
    name = op.name if op.name == "layer_norm_native" else f"{op.name}alize"
    return f"{w.helper(name)}({', '.join([x, *weights, *given])})"


def _attr(op: Op, name: str) -> str:
    """An attribute; one axis as a number, the last one as -1."""
    value = op.attrs[name]
    if name != "axis":
        return literal(value)
    if isinstance(value, tuple) and len(value) > 1:
        return repr(value)
    axis = next(iter(value)) if isinstance(value, tuple) else value
    return "-1" if axis == op.args[0].type.rank - 1 else repr(axis)
