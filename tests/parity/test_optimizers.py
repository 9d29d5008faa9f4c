"""Optimizers: the weights of Keras after twenty steps from the same start."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import close, copy_weights, floats, keras, program, spell

K = keras.optimizers
STEPS = 20
CASES: list[tuple[str, Any, dict[str, Any]]] = [
    ("sgd", K.SGD, {}),
    ("sgd", K.SGD, {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd", K.SGD, {"learning_rate": 0.1, "momentum": 0.8, "nesterov": True}),
    ("rmsprop", K.RMSprop, {}),
    ("rmsprop", K.RMSprop, {"learning_rate": 0.01, "rho": 0.8, "epsilon": 0.01}),
    ("rmsprop", K.RMSprop, {"learning_rate": 0.01, "momentum": 0.9}),
    ("rmsprop", K.RMSprop, {"learning_rate": 0.01, "centered": True}),
    ("rmsprop", K.RMSprop, {"learning_rate": 0.01, "centered": True, "momentum": 0.5}),
    ("adam", K.Adam, {}),
    ("adam", K.Adam, {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.01}),
    ("adam", K.Adam, {"learning_rate": 0.05, "amsgrad": True}),
]


def test_every_optimizer_and_argument_is_here():
    assert {case[0] for case in CASES} == set(names("optimizer"))
    for name, cls in names("optimizer").items():
        tried = {key for case in CASES if case[0] == name for key in case[2]}
        assert tried == {arg.name for arg in cls.args}, name


@pytest.mark.parametrize(("name", "cls", "args"), CASES)
def test_weights_after_twenty_steps_are_those_of_keras(name, cls, args):
    run = program(
        "  input x : f32[6]\n  output y = x -> dense(4)",
        f"  loss = mean_squared_error(target, y)\n  optimizer = {name}({spell(args)})",
        "  x : f32[6]\n  target : f32[4]",
    )
    layer = keras.layers.Dense(4)
    layer.build((None, 6))
    copy_weights(layer, run)
    weights = [v.value for v in layer.trainable_variables]
    optimizer = cls(**args)
    optimizer.build(layer.trainable_variables)
    slots = [v.value for v in optimizer.variables]

    @jax.jit
    def keras_step(weights, slots, x, target):
        def loss(weights):
            y, _ = layer.stateless_call(weights, [], x)
            return jnp.mean((y - target) ** 2)

        return optimizer.stateless_apply(slots, jax.grad(loss)(weights), weights)

    state, mask = run.state, np.ones(8, np.float32)
    for step in range(STEPS):
        x, target = floats(8, 6, seed=step), floats(8, 4, seed=50 + step)
        weights, slots = keras_step(weights, slots, x, target)
        state, _ = run.executable.train_step(state, {"x": x, "target": target}, mask)
    ours = state["params"]["dense"]
    for variable, value in zip(layer.trainable_variables, weights, strict=True):
        close(ours[variable.name], value, 2e-5, 2e-6)
