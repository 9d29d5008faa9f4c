"""Crossentropies and other losses on the scores of classes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, UnknownOp, rule
from tests.oracle.interpreter.elementwise import logistic, softplus
from tests.oracle.interpreter.reductions import log_softmax, softmax

LEAST: Final = 1e-7


def _cut(p: Array, context: Context) -> tuple[Array, Array]:
    """Probabilities that are neither 0 nor 1, and where they are as they were."""
    inside = (p > LEAST) & (p < 1 - LEAST)
    context.aside.cut |= not inside.all()
    return np.clip(p, LEAST, 1 - LEAST), inside


def _log_shares(p: Array, axis: int, context: Context) -> tuple[Array, Any]:
    """The logarithm of probabilities that are made to sum to 1 and clipped; the way back."""
    total = p.sum(axis=axis, keepdims=True)
    shares = p / total
    clipped, inside = _cut(shares, context)

    def back(g: Array) -> Array:
        by_share = np.where(inside, g / clipped, 0)
        return (by_share - (by_share * shares).sum(axis=axis, keepdims=True)) / total

    return np.log(clipped), back


def _logs(predicted: Array, axis: int, from_logits: Any, context: Context) -> tuple[Array, Any]:
    if not from_logits:
        return _log_shares(predicted, axis, context)
    shares = softmax(predicted, axis)
    return (
        log_softmax(predicted, axis),
        lambda g: g - shares * g.sum(axis=axis, keepdims=True),
    )


@rule("sparse_categorical_crossentropy")
def _sparse(op: Op, args: list[Array], context: Context) -> Any:
    label, predicted = args
    axis: Any = op.attrs["axis"]
    ignored = op.attrs["ignore_class"]
    kept = np.ones(label.shape, np.bool_) if ignored is None else label != ignored
    classes = predicted.shape[axis]
    chosen = np.where(kept, label, 0)
    if chosen.size and (chosen.min() < 0 or chosen.max() >= classes):
        raise IndexError(f"a label is none of {classes} classes")
    hot = np.moveaxis(chosen[..., None] == np.arange(classes), -1, axis) * 1.0
    hot = hot * np.expand_dims(kept, axis)
    logs, through = _logs(predicted, axis, op.attrs["from_logits"], context)

    def back(g: Array) -> Any:
        return None, through(-hot * np.expand_dims(g, axis))

    return (-(hot * logs).sum(axis=axis),), back


@rule("categorical_crossentropy")
def _categorical(op: Op, args: list[Array], context: Context) -> Any:
    truth, predicted = args
    axis: Any = op.attrs["axis"]
    logs, through = _logs(predicted, axis, op.attrs["from_logits"], context)

    def back(g: Array) -> Any:
        wide = np.expand_dims(g, axis)
        return -wide * logs, through(-truth * wide)

    return (-(truth * logs).sum(axis=axis),), back


@rule("binary_crossentropy")
def _binary(op: Op, args: list[Array], context: Context) -> Any:
    truth, predicted = args
    if op.attrs["from_logits"]:
        result = softplus(predicted) - truth * predicted
        return (result,), lambda g: (-g * predicted, g * (logistic(predicted) - truth))
    p, inside = _cut(predicted, context)

    def back(g: Array) -> Any:
        slope = np.where(inside, (1 - truth) / (1 - p) - truth / p, 0)
        return g * (np.log1p(-p) - np.log(p)), g * slope

    return (-(truth * np.log(p) + (1 - truth) * np.log1p(-p)),), back


@rule("cosine_similarity")
def _cosine(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    lengths = [np.sqrt((x * x).sum(axis=axis, keepdims=True)) for x in args]
    if any((length <= LEAST).any() for length in lengths):
        raise UnknownOp("the interpreter has no cosine of a vector without a length")
    one, other = (x / length for x, length in zip(args, lengths, strict=True))
    result = (one * other).sum(axis=axis, keepdims=True)

    def back(g: Array) -> Any:
        wide = np.expand_dims(g, axis)
        return wide * (other - one * result) / lengths[0], wide * (one - other * result) / (
            lengths[1]
        )

    return (result.squeeze(axis),), back
