"""Layers: the same outputs and gradients as Keras from the same weights."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity import layers, preprocessing
from tests.parity.harness import (
    ATOL,
    GRADIENT_ATOL,
    GRADIENT_RTOL,
    Figure,
    by_name,
    close,
    copy_weights,
    floats,
    program,
)
from tests.parity.layers import Case, Cases

FAMILIES: dict[str, Cases] = {
    family.name: importlib.import_module(f"tests.parity.layers.{family.name}").CASES
    for family in pkgutil.iter_modules(layers.__path__)
}
CASES: Cases = {name: cases for table in FAMILIES.values() for name, cases in table.items()}
ALL = [
    (family, case)
    for family, table in FAMILIES.items()
    for cases in table.values()
    for case in cases
]


LEARNING = {  # or they take text: test_preprocessing
    *("text_vectorization", "string_lookup", "integer_lookup", "hashing", "hashed_crossing"),
    *("category_encoding", "normalization", "discretization"),
}
ELSEWHERE = LEARNING | {  # where the table has no room for several results, states and masks
    *("simple_rnn", "lstm", "gru", "rnn", "bidirectional", "time_distributed"),
    *("conv_lstm1d", "conv_lstm2d", "conv_lstm3d"),
    *("simple_rnn_cell", "lstm_cell", "gru_cell", "stacked_rnn_cells"),
    *("attention", "additive_attention", "multi_head_attention", "group_query_attention"),
}


def test_every_layer_is_here():
    assert set(CASES) | ELSEWHERE == set(names("layer"))
    assert not set(CASES) & ELSEWHERE
    assert {call.partition("(")[0] for _, call, _ in preprocessing.CASES} == LEARNING


def operands(case: Case, rows: int = 3) -> list[np.ndarray]:
    """Arrays for the layer, one an operand."""
    if case.integers:
        rng = np.random.default_rng(0)
        return [rng.integers(0, case.integers, (rows, *s), np.int32) for s in case.shapes]
    return [floats(rows, *shape, seed=i) for i, shape in enumerate(case.shapes)]


@pytest.mark.parametrize(
    ("family", "case"),
    ALL,
    ids=lambda each: each if isinstance(each, str) else f"{each.call} {each.shapes[0]}",
)
def test_outputs_and_gradients_are_those_of_keras(family: str, case: Case):
    slopes = Figure("layer", family, "gradients")
    dtype = "i32" if case.integers else "f32"
    inputs = "\n".join(f"  input x{i} : {dtype}{list(s)}" for i, s in enumerate(case.shapes))
    values = ", ".join(f"x{i}" for i in range(len(case.shapes)))
    source = f"({values})" if len(case.shapes) > 1 else values
    run = program(f"{inputs}\n  output y = {source} -> {case.call}")
    xs = operands(case)
    layer = case.layer()
    layer(xs if len(xs) > 1 else xs[0])
    copy_weights(layer, run)
    frozen = [variable.value for variable in layer.non_trainable_variables]
    outputs: Any = run.executable.outputs

    def ours(params: Any, *xs: Any) -> jax.Array:
        return outputs(params, run.state["stats"], {f"x{i}": x for i, x in enumerate(xs)})["y"]

    mode = {"training": False} if "training" in inspect.signature(layer.call).parameters else {}

    def theirs(weights: Any, *xs: Any) -> jax.Array:
        given = list(xs) if len(xs) > 1 else xs[0]
        return layer.stateless_call(weights, frozen, given, **mode)[0]

    weights = [variable.value for variable in layer.trainable_variables]
    y, pull = jax.vjp(ours, run.state["params"], *xs)
    y_keras, pull_keras = jax.vjp(theirs, weights, *xs)
    largest = np.float32(np.abs(y_keras).max(initial=0))  # sums round beside their terms
    atol = max(ATOL, 4 * float(np.spacing(largest)))  # which is more only where some are above 4
    close(y, y_keras, atol=atol, figure=Figure("layer", family))
    seed = jnp.asarray(floats(*y.shape, seed=9))
    (grads, *x_grads), (k_grads, *k_x_grads) = pull(seed), pull_keras(seed)
    named = by_name(grads)
    assert len(named) == len(weights)
    for variable, gradient in zip(layer.trainable_variables, k_grads, strict=True):
        close(named[variable.name], gradient, GRADIENT_RTOL, GRADIENT_ATOL, figure=slopes)
    if not case.integers:
        for one, other in zip(x_grads, k_x_grads, strict=True):
            close(one, other, GRADIENT_RTOL, GRADIENT_ATOL, figure=slopes)
