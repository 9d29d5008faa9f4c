"""Crossentropies, and other losses on the scores of classes. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import Writer, emits, emits_helper, literal
from kspec.ir import Op

emits_helper("categorical_generalized_cross_entropy", "q")
emits_helper("kl_divergence")
emits_helper("categorical_hinge")
emits_helper("cosine_similarity", "axis")
emits_helper("ctc")


@emits("sparse_categorical_crossentropy")
def _sparse_categorical_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    label, predicted = args
    axis = op.attrs["axis"]
    if axis != op.args[1].type.rank - 1:
        predicted = f"jnp.moveaxis({predicted}, {axis}, -1)"
    loss = w.helper(_by_input(op))
    ignored = op.attrs["ignore_class"]
    if ignored is None:
        return f"{loss}({label}, {predicted})"
    return f"{w.helper('without_class')}({loss}, {ignored}, {label}, {predicted})"


@emits("linear_crossentropy")
def _linear_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(op.name)}({', '.join(args)}, rows={op.attrs['rows']})"


@emits("binary_crossentropy")
def _binary_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)})"


@emits("categorical_crossentropy")
def _categorical_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)}, axis={op.attrs['axis']})"


def _by_input(op: Op) -> str:
    return f"{op.name}_from_logits" if op.attrs["from_logits"] else op.name


@emits("binary_focal_crossentropy")
def _binary_focal_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    truth, predicted = args
    if op.attrs["from_logits"]:
        predicted = f"jax.nn.sigmoid({predicted})"
    alpha = op.attrs["alpha"]
    more = f"gamma={_exponent(op)}"
    more += "" if alpha is None else f", alpha={literal(alpha)}"
    return f"{w.helper(op.name)}({truth}, {predicted}, {more})"


@emits("categorical_focal_crossentropy")
def _categorical_focal_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    truth, predicted = args
    axis = f"axis={op.attrs['axis']}"
    if op.attrs["from_logits"]:
        predicted = f"jax.nn.softmax({predicted}, {axis})"
    more = f"alpha={literal(op.attrs['alpha'])}, gamma={_exponent(op)}, {axis}"
    return f"{w.helper(op.name)}({truth}, {predicted}, {more})"


def _exponent(op: Op) -> str:
    """A whole number without a fraction: JAX then multiplies, which has a slope at 0, too."""
    gamma = cast("float", op.attrs["gamma"])
    return literal(int(gamma) if gamma.is_integer() else gamma)
