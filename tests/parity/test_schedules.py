"""Schedules: the rates of Keras, update by update."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.registry import names
from tests.parity.harness import Figure, close, floats, keras, program, spell

K = keras.optimizers.schedules
COUNTS = np.unique([*range(260), 999, 1000, 1001, 12_345])
CASES: list[tuple[str, Any, dict[str, Any]]] = [
    ("exponential_decay", K.ExponentialDecay, {"decay_steps": 40, "decay_rate": 0.5}),
    (
        "exponential_decay",
        K.ExponentialDecay,
        {"decay_steps": 40, "decay_rate": 0.9, "staircase": True},
    ),
    ("inverse_time_decay", K.InverseTimeDecay, {"decay_steps": 30, "decay_rate": 0.5}),
    (
        "inverse_time_decay",
        K.InverseTimeDecay,
        {"decay_steps": 30, "decay_rate": 0.5, "staircase": True},
    ),
    ("polynomial_decay", K.PolynomialDecay, {"decay_steps": 50}),
    (
        "polynomial_decay",
        K.PolynomialDecay,
        {"decay_steps": 50, "end_learning_rate": 0.01, "power": 2.0},
    ),
    ("polynomial_decay", K.PolynomialDecay, {"decay_steps": 50, "power": 0.5, "cycle": True}),
    (
        "piecewise_constant_decay",
        K.PiecewiseConstantDecay,
        {"boundaries": [10, 50, 51], "values": [0.1, 0.3, 0.02, 1e-4]},
    ),
    ("cosine_decay", K.CosineDecay, {"decay_steps": 100}),
    ("cosine_decay", K.CosineDecay, {"decay_steps": 100, "alpha": 0.2}),
    (
        "cosine_decay",
        K.CosineDecay,
        {"decay_steps": 90, "alpha": 0.1, "warmup_target": 0.5, "warmup_steps": 10},
    ),
    ("cosine_decay_restarts", K.CosineDecayRestarts, {"first_decay_steps": 30}),
    (
        "cosine_decay_restarts",
        K.CosineDecayRestarts,
        {"first_decay_steps": 30, "t_mul": 1.0, "m_mul": 0.9, "alpha": 0.05},
    ),
    (
        "cosine_decay_restarts",
        K.CosineDecayRestarts,
        {"first_decay_steps": 7, "t_mul": 1.5, "m_mul": 0.8},
    ),
]
BODY = "  input x : f32[6]\n  output y = x -> dense(4)"
FIELDS = "  x : f32[6]\n  target : f32[4]"


def test_every_schedule_and_argument_is_here():
    assert {case[0] for case in CASES} == set(names("schedule"))
    for name, cls in names("schedule").items():
        tried = {key for case in CASES if case[0] == name for key in case[2]}
        assert tried | {"initial_learning_rate"} >= {arg.name for arg in cls.args}, name


def trained(optimizer: str) -> kspec.Run:
    return program(
        BODY, f"  loss = mean_squared_error(target, y)\n  optimizer = {optimizer}", FIELDS
    )


@pytest.mark.parametrize(("name", "cls", "args"), CASES)
def test_rates_are_those_of_keras(name, cls, args):
    if "values" not in args:
        args = {"initial_learning_rate": 0.1, **args}
    optimizer: Any = trained(f"sgd({name}({spell(args)}))").executable
    update, state = optimizer.optimizer.update, optimizer.optimizer.init(jnp.float32(0))

    def rate(count: jax.Array) -> jax.Array:
        return -update(jnp.float32(1), jax.tree.map(lambda _: count, state))[0]

    ours = jax.vmap(rate)(jnp.array(COUNTS, jnp.int32))
    schedule = jax.jit(cls(**args).__call__)  # as Keras' training steps call it
    theirs = [float(schedule(count)) for count in jnp.array(COUNTS, jnp.int32)]
    # Where a stair or wave begins, float32 may stand on either side of it.
    jumps = np.abs(np.asarray(ours) - theirs) > 1e-5 * np.abs(theirs) + 1e-7
    assert jumps.sum() <= (2 if name == "cosine_decay_restarts" else 0)
    figure = Figure("schedule", "")
    close(np.asarray(ours)[~jumps], np.asarray(theirs)[~jumps], figure=figure)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_an_optimizer_follows_its_schedule(optimizer):
    """Stairs at 0.01 and then 0: the weights move, then stand still."""
    run = trained(f"{optimizer}(piecewise_constant_decay([4], [0.01, 0]))")
    state, mask = run.state, np.ones(8, np.float32)
    kernels: list[np.ndarray] = [np.asarray(state["params"]["dense"]["kernel"])]
    for step in range(8):
        batch = {"x": floats(8, 6, seed=step), "target": floats(8, 4, seed=50 + step)}
        state, _ = run.executable.train_step(state, batch, mask)
        kernels.append(np.asarray(state["params"]["dense"]["kernel"]))
    moved = [bool((before != after).any()) for before, after in pairwise(kernels)]
    assert moved == [True] * 5 + [False] * 3
