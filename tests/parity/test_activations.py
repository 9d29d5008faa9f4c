"""Activations: values and slopes of Keras over a grid."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import GRADIENT_ATOL, close, floats, keras, program, spell

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "elu": [{"alpha": 0.5}],
    "celu": [{"alpha": 0.5}],
    "gelu": [{"approximate": True}],
    "leaky_relu": [{"negative_slope": 0.01}],
    "softmax": [{"axis": 1}],
    "log_softmax": [{"axis": 1}],
}
CASES = [(name, args) for name in names("activation") for args in [{}, *ARGUMENTS.get(name, [])]]


def test_every_argument_of_an_activation_is_tried():
    for name, cls in names("activation").items():
        tried = {key for args in ARGUMENTS.get(name, []) for key in args}
        assert tried == {arg.name for arg in cls.args}, name


@pytest.mark.parametrize(("name", "args"), CASES)
def test_values_and_slopes_are_those_of_keras(name, args):
    # The spec and Keras may give a kink's own slope differently; none of these is a kink.
    grid = np.concatenate([np.linspace(-8, 8, 96, dtype=np.float32) + 0.01, floats(24) * 30])
    x = grid.reshape(4, 5, 6)
    run = program(f"  input x : f32[5, 6]\n  output y = x -> activation({name}({spell(args)}))")
    theirs = getattr(keras.activations, name)
    outputs: Any = run.executable.outputs
    y, pull = jax.vjp(lambda x: outputs({}, {}, {"x": x})["y"], x)
    y_keras, pull_keras = jax.vjp(lambda x: theirs(x, **args), x)
    close(y, y_keras)
    seed = floats(*x.shape, seed=1)
    close(pull(seed)[0], pull_keras(seed)[0], 1e-4, GRADIENT_ATOL)
