"""Chance: random keys, and what is drawn from them. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import Attrs, Types, arity, integers, op, require, require_float
from kspec.ir.types import KEY, Dim, TensorType


@op("fold_in", required=("data",))
def _fold_in(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "fold_in")
    require(types[0] == TensorType(KEY, ()), f"a random key is needed, not {types[0]}")
    return types


@op("random_key", stage="graph")
def _random_key(types: Types, attrs: Attrs) -> Types:
    """A key of its own for each place and step of training, and for each round of bodies.

    The operands are the numbers of the rounds around it.
    """
    for type in types:
        require(type == TensorType("i32", ()), f"the number of a round is i32[], not {type}")
    return (TensorType(KEY, ()),)


@op("iota", required=("size",))
def _iota(types: Types, attrs: Attrs) -> Types:
    """0, 1, 2, ...: the numbers of rounds."""
    arity(types, 0, "iota")
    return (TensorType("i32", (cast("Dim", attrs["size"]),)),)


@op("fold_in_number")
def _fold_in_number(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "fold_in_number")
    require(types[0] == TensorType(KEY, ()), f"a random key is needed, not {types[0]}")
    require(types[1] == TensorType("i32", ()), f"a number is i32[], not {types[1]}")
    return types[:1]


@op("where_training", stage="graph")
def _where_training(types: Types, attrs: Attrs) -> Types:
    """The first operand while training, the second in evaluation and prediction."""
    arity(types, 2, "where_training")
    require(types[0] == types[1], f"{types[0]} and {types[1]} differ")
    return types[:1]


@op("dropout_with_key", required=("rate",))
def _dropout_with_key(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "dropout_with_key")
    require_float(types[0], "dropout")
    require(types[1].dtype == KEY, f"a random key is needed, not {types[1]}")
    return types[:1]


@op("shared_dropout", "alpha_dropout", required=("rate",), axes=())
def _shared_dropout(types: Types, attrs: Attrs) -> Types:
    """Dropout whose draws hold along whole axes."""
    result = _dropout_with_key(types, attrs)
    axes = integers(attrs, "axes")
    require(all(0 <= axis < types[0].rank for axis in axes), f"{types[0]} has no axes {axes}")
    return result


@op("normal_like")
def _normal_like(types: Types, attrs: Attrs) -> Types:
    """Normal draws, one for each element."""
    return _dropout_with_key(types, attrs)
