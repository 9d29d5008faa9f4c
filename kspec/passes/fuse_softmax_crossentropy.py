"""Take crossentropy from logits where a softmax or sigmoid stands before it.

log(softmax(x)) loses everything below 1e-7 and costs a second pass over the classes;
taken from the logits it is one log-softmax, exact at any size. The activation stays if
something else, such as an output or a metric, uses it.

Before:
    %p = softmax(%x) axis=1 : f32[B,10]
    %l = sparse_categorical_crossentropy(%label, %p) from_logits=false : f32[B]

After:
    %l = sparse_categorical_crossentropy(%label, %x) from_logits=true : f32[B]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kspec.ir import Builder, Func, Module, Op, Value
from kspec.ir.uses import definitions
from kspec.passes.remarks import done
from kspec.passes.rewrite import rewrite_func

# Each loss and the activation that it can undo.
FUSIBLE: Final = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
}
SHAPE_ONLY: Final = ("reshape", "squeeze", "expand_dims")


def fuse_softmax_crossentropy(module: Module) -> Module:
    """Fuse in every function."""
    return module.map_funcs(_fuse)


def _fuse(func: Func) -> Func:
    made_by = definitions(func)

    def rule(op: Op, b: Builder) -> Value | None:
        if op.name not in FUSIBLE or op.attrs["from_logits"]:
            return None
        logits = _logits(op.args[1], FUSIBLE[op.name], op, made_by, b)
        if logits is None:
            return None
        attrs: dict[str, Any] = {**op.attrs, "from_logits": True}
        done(func.name, f"{op.name} is taken from the logits of its {FUSIBLE[op.name]}", op.span)
        return b.op(op.name, op.args[0], logits, **attrs)

    return rewrite_func(func, rule)


def _logits(
    value: Value, activation: str, loss: Op, made_by: Mapping[Value, Op], b: Builder
) -> Value | None:
    """What the activation was applied to, in the loss's shape; None where there is none."""
    op = made_by.get(value)
    if op is None:
        return None
    if op.name == activation:
        axis = loss.attrs.get("axis", value.type.rank - 1)
        return op.args[0] if activation == "sigmoid" or op.attrs["axis"] == axis else None
    widened = op.name == "cast" and op.args[0].type.is_float  # what was computed in bfloat16
    if widened or (op.name in SHAPE_ONLY and activation == "sigmoid"):
        inner = _logits(op.args[0], activation, loss, made_by, b)
        attrs: dict[str, Any] = dict(op.attrs)
        return None if inner is None else b.op(op.name, inner, hint=value.hint, **attrs)
    return None
