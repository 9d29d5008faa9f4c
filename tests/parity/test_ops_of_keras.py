"""Ops of expressions: values and slopes of `keras.ops`, over every argument."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import kspec
from kspec.registry import names
from tests.parity import ops
from tests.parity.harness import GRADIENT_ATOL, GRADIENT_RTOL, Figure, close, floats
from tests.parity.ops import INPUTS, KERAS, WEIGHTS, Cases

FAMILIES: dict[str, Cases] = {
    family.name: importlib.import_module(f"tests.parity.ops.{family.name}").CASES
    for family in pkgutil.iter_modules(ops.__path__)
}
CASES: Cases = {ours: theirs for cases in FAMILIES.values() for ours, theirs in cases.items()}
# Keras computes sizes with arrays here, whose numbers a compilation does not know.
ALONE = ("rearrange", "bartlett", "blackman", "hamming", "hanning", "kaiser")


def test_every_op_and_every_argument_is_tried():
    text = "\n".join(CASES)
    for name, cls in names("op").items():
        assert re.search(rf"\b{name}\(", text), name
        for arg in cls.args:
            calls = re.findall(rf"\b{name}\([^\n]*", text)
            assert arg.required or any(f"{arg.name}=" in call for call in calls), (name, arg.name)


def operands(theirs: str) -> list[str]:
    """The tensors of an expression, in the order of the tables."""
    used = {node.id for node in ast.walk(ast.parse(theirs)) if isinstance(node, ast.Name)}
    return [name for name in (*INPUTS, *WEIGHTS) if name in used]


def spec(ours: str, used: list[str]) -> str:
    """The model; weights are those of a block around the expression."""
    inputs = [name for name in used if name in INPUTS]
    weights = [name for name in used if name in WEIGHTS]
    declared = "".join(f"  input {name} : {INPUTS[name][0]}\n" for name in inputs)
    if not weights:
        return f"model M {{\n{declared}  output result = {ours}\n}}\n"
    own = "".join(f"  weight {n} : f32{list(WEIGHTS[n].shape)}\n" for n in weights)
    block = f"block Own {{\n{declared}{own}  output {ours}\n}}\n"
    call = f"({', '.join(inputs)}) -> Own" if len(inputs) > 1 else f"{inputs[0]} -> Own"
    return f"{block}model M {{\n{declared}  output result = {call}\n}}\n"


def compare(ours: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values and slopes of an expression here and in Keras, and one example's alone."""
    theirs = CASES[ours]
    used = operands(theirs)
    outputs: Any = kspec.compile_text(spec(ours, used)).init().executable.outputs
    values = {name: values[name] for name in used}
    smooth = [name for name in used if jnp.issubdtype(values[name].dtype, jnp.floating)]

    def here(*given: Any, rows: slice = slice(None)) -> jax.Array:
        now = values | dict(zip(smooth, given, strict=True))
        now = {name: now[name][rows] if name in INPUTS else now[name] for name in used}
        own = {name: now[name] for name in used if name in WEIGHTS}
        batch = {name: now[name] for name in used if name in INPUTS}
        return outputs({"own": own} if own else {}, {}, batch)["result"]

    def in_keras(*given: Any) -> jax.Array:
        now = values | dict(zip(smooth, given, strict=True))
        return jnp.asarray(eval(theirs, KERAS | now))

    given = [values[name] for name in smooth]
    y, pull = jax.vjp(here, *given)
    y_keras, pull_keras = jax.vjp(in_keras, *given)
    assert (y.shape, y.dtype) == (y_keras.shape, y_keras.dtype), ours
    found = {"y": y, "keras": y_keras, "alone": here(*given, rows=slice(2, 3))}
    if not jnp.issubdtype(y.dtype, jnp.floating):
        return found | {"slopes": (), "keras_slopes": ()}
    seed = jnp.asarray(floats(*y.shape, seed=99), y.dtype)
    return found | {"slopes": pull(seed), "keras_slopes": pull_keras(seed)}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")  # Keras' own
@pytest.mark.parametrize("family", FAMILIES)
def test_values_and_slopes_are_those_of_keras(family: str):
    """All of a family in one go: a compilation for each would take minutes."""
    values = {name: value for name, (_, value) in INPUTS.items()} | WEIGHTS
    cases = FAMILIES[family]
    alone = [ours for ours in cases if ours.startswith(ALONE)]
    rest = [ours for ours in cases if ours not in alone]
    results = {ours: compare(ours, values) for ours in alone}
    results |= jax.jit(lambda values: {ours: compare(ours, values) for ours in rest})(values)
    for ours, found in results.items():
        where = f"{ours} beside {CASES[ours]}"
        slopes = Figure("op", family, "gradients", ours)
        close(found["y"], found["keras"], where=where, figure=Figure("op", family, case=ours))
        close(found["y"][2:3], found["alone"], where=f"{ours} of one example")
        for one, other in zip(found["slopes"], found["keras_slopes"], strict=True):
            close(one, other, GRADIENT_RTOL, GRADIENT_ATOL, f"the slope of {where}", slopes)
