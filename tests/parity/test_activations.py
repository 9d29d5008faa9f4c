"""Activations: values and slopes of Keras over a grid."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from kspec.diagnostics import SpecError
from kspec.registry import names
from tests.parity.harness import GRADIENT_ATOL, Figure, close, floats, keras, program, spell

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "relu": [
        {"negative_slope": 0.1},
        {"max_value": 6.0},
        {"max_value": 3.0},
        {"threshold": 1.0},
        {"negative_slope": 0.1, "max_value": 6.0},
        {"negative_slope": 0.1, "threshold": -1.0},
        {"negative_slope": 0.3, "max_value": 2.5, "threshold": 0.5},
    ],
    "glu": [{"axis": 1}, {"axis": -2}],
    "hard_shrink": [{"threshold": 1.25}],
    "soft_shrink": [{"threshold": 1.25}],
    "threshold": [{"threshold": 1.0, "default_value": -7.5}],
    "squareplus": [{"b": 0.5}],
    "sparsemax": [{"axis": 1}],
    "elu": [{"alpha": 0.5}],
    "celu": [{"alpha": 0.5}],
    "gelu": [{"approximate": True}],
    "leaky_relu": [{"negative_slope": 0.01}],
    "softmax": [{"axis": 1}],
    "log_softmax": [{"axis": 1}],
}
CASES = [
    (name, args)
    for name, cls in names("activation").items()
    for args in [{}, *ARGUMENTS.get(name, [])]
    if args or not any(each.required for each in cls.args)
]


def test_every_argument_of_an_activation_is_tried():
    for name, cls in names("activation").items():
        tried = {key for args in ARGUMENTS.get(name, []) for key in args}
        assert tried == {arg.name for arg in cls.args}, name


@pytest.mark.parametrize(("name", "args"), CASES)
def test_values_and_slopes_are_those_of_keras(name, args):
    # The spec and Keras may give a kink's own slope differently; none of these is a kink.
    grid = np.concatenate([np.linspace(-8, 8, 120, dtype=np.float32) + 0.01, floats(24) * 30])
    x = np.random.default_rng(3).permutation(grid).reshape(4, 6, 6)
    run = program(f"  input x : f32[6, 6]\n  output y = x -> activation({name}({spell(args)}))")
    theirs = getattr(keras.activations, name)
    outputs: Any = run.executable.outputs
    y, pull = jax.vjp(lambda x: outputs({}, {}, {"x": x})["y"], x)
    y_keras, pull_keras = jax.vjp(lambda x: theirs(x, **args), x)
    close(y, y_keras, figure=Figure("activation", ""))
    assert y.shape == y_keras.shape
    seed = floats(*y.shape, seed=1)
    slopes = Figure("activation", "", "gradients")
    close(pull(seed)[0], pull_keras(seed)[0], 1e-4, GRADIENT_ATOL, figure=slopes)


SHAPES = {
    "dense(6, glu)": ("f32[4]", (2, 3)),
    "conv2d(6, 2, activation=glu)": ("f32[5, 5, 2]", (2, 4, 4, 3)),
}


@pytest.mark.parametrize("layer", SHAPES)
def test_a_layer_gives_the_half_where_its_activation_halves(layer):
    type, wanted = SHAPES[layer]
    run = program(f"  input x : {type}\n  output y = x -> {layer} -> relu")
    outputs: Any = run.executable.outputs
    x = floats(2, *map(int, type[4:-1].split(",")))
    assert outputs(run.state["params"], {}, {"x": x})["y"].shape == wanted


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("dense(5, glu)", "glu halves axis 1 of f32[B,5], and 5 is odd"),
        ("softmax(axis=0)", "axis 0 is the batch axis"),
        ("log_softmax(axis=3)", "f32[B,4] has no axis 3"),
    ],
)
def test_axes_that_do_not_fit_are_refused(call, reason):
    with pytest.raises(SpecError) as caught:
        program(f"  input x : f32[4]\n  output y = x -> {call}")
    assert reason in caught.value.render()
