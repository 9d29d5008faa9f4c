"""Chance: the draws are an input; what is done with them is here."""

from __future__ import annotations

from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, UnknownOp, rule


@rule("random_key")
def _random_key(op: Op, args: list[Array], context: Context) -> Any:
    """A key is its place: its number, then those of the rounds around it."""
    place = (context.places.get(op, -1), *(int(each) for each in args))
    return (place,), lambda g: tuple(None for _ in args)


@rule("where_training")
def _where_training(op: Op, args: list[Array], context: Context) -> Any:
    first = context.mode == "train"
    back = (lambda g: (g, None)) if first else (lambda g: (None, g))
    return (args[0] if first else args[1],), back


@rule("dropout_with_key", "shared_dropout")
def _dropout(op: Op, args: list[Array], context: Context) -> Any:
    x, place = args
    rate: Any = op.attrs["rate"]
    axes: Any = op.attrs.get("axes", ())
    if context.draws is None:  # only evaluated for the mode that leaves it out
        return (x,), lambda g: (None, None)
    shape = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
    kept = context.draws.bernoulli(tuple(place), 1 - rate, shape)
    factor = np.where(kept, 1 / (1 - rate) if rate < 1 else 0.0, 0.0)
    return (x * factor,), lambda g: (g * factor, None)


@rule("normal_like")
def _normal_like(op: Op, args: list[Array], context: Context) -> Any:
    x, place = args
    if context.draws is None:
        return (np.zeros_like(x),), lambda g: (None, None)
    return (context.draws.normal(tuple(place), x.shape),), lambda g: (None, None)


@rule("alpha_dropout")
def _alpha_dropout(op: Op, args: list[Array], context: Context) -> Any:
    raise UnknownOp("the interpreter has no alpha_dropout")
