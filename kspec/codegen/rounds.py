"""Stacked weights: trees of them where the rounds of a loop have parts of the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kspec.codegen import layout
from kspec.codegen.names import safe
from kspec.ir import Op, Value, common_part

if TYPE_CHECKING:
    from kspec.codegen.functions import Body


def stack_rounds(op: Op, body: Body, indent: int) -> list[str]:
    """The lines of the op; what its results are called is noted in `body.stacked`.

    Where the state has the weights stacked there are none.

    `decoder_layers = stack_rounds([params["decoder_layer"], params["decoder_layer_1"]])`
    """
    size = len(op.results)
    if op.attrs["kept"]:
        for value, weight in zip(op.results, op.args, strict=False):
            root, tree, place = body.expr(weight).split("[", 2)
            body.stacked[value] = (f"{root}[{tree}", f"[{place}")
        return []
    rows = [op.args[at : at + size] for at in range(0, len(op.args), size)]
    exprs = [[body.expr(value) for value in row] for row in rows]
    word = common_part(value.name for value in rows[0]).rpartition(".")[2]
    name = free(f"{safe(word or op.results[0].hint)}s", body)
    trees = _trees(exprs, list(body.weights.values()))
    if trees is not None:
        parts, places = trees
    elif size == 1:
        parts, places = [expr for (expr,) in exprs], [""]
    else:
        parts = [f"({', '.join(row)})" for row in exprs]
        places = [f"[{place}]" for place in range(size)]
    for value, place in zip(op.results, places, strict=True):
        body.stacked[value] = (name, place)
    call = f"{body.helper('stack_rounds')}([{', '.join(parts)}])"
    return layout.assign(name, call, indent, f"{len(rows)} rounds")


def as_sequences(
    values: Sequence[Value], inner: Body, params: Sequence[Value], outer: Body
) -> tuple[list[str], list[str]]:
    """What a loop goes through, and what a round calls its slices: a tree counts as one."""
    operands: list[str] = []
    names: list[str] = []
    trees: dict[str, str] = {}
    for value, param in zip(values, params, strict=True):
        tree, place = outer.stacked.get(value, ("", ""))
        if not tree:
            operands.append(outer.expr(value))
            names.append(inner.names[param])
            continue
        if tree not in trees:
            trees[tree] = free("each", inner)
            operands.append(tree)
            names.append(trees[tree])
        inner.stacked[param] = (trees[tree], place)
    return operands, names


def free(word: str, body: Body) -> str:
    """A name that nothing in the function has."""
    while word in body.used:
        word += "_"
    body.used.add(word)
    return word


def _trees(exprs: list[list[str]], weights: list[str]) -> tuple[list[str], list[str]] | None:
    """The part of each round, and the places in it; None where rounds are no whole parts."""
    parts: list[str] = []
    places: list[list[str]] = []
    for row in exprs:
        keys = [tuple(re.findall(r'\w+|\["[^"]+"\]', expr)) for expr in row]
        shared = _common([key[:-1] for key in keys])
        part = "".join(shared)
        own = {expr for expr in weights if expr.startswith(f"{part}[")}
        if len(shared) < 2 or own != set(row):
            return None
        parts.append(part)
        places.append(["".join(key[len(shared) :]) for key in keys])
    return (parts, places[0]) if all(each == places[0] for each in places) else None


def _common(keys: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all begin with."""
    first = keys[0]
    size = len(first)
    while any(key[:size] != first[:size] for key in keys):
        size -= 1
    return first[:size]
