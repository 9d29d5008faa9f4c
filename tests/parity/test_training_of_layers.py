"""Layers in training: statistics that move, masked time steps, and low-rank adaptation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.parity.harness import by_name, close, copy_weights, floats, program
from tests.parity.layers import K

TRAIN = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 8"


@pytest.mark.parametrize(
    ("call", "layer", "shape"),
    [
        ("batch_normalization", lambda: K.BatchNormalization(), (6,)),
        ("batch_normalization(momentum=0.7)", lambda: K.BatchNormalization(momentum=0.7), (4, 6)),
        ("batch_normalization(1)", lambda: K.BatchNormalization(1), (4, 6)),
        (
            "batch_normalization(scale=false, epsilon=0.01)",
            lambda: K.BatchNormalization(scale=False, epsilon=0.01),
            (4, 6),
        ),
        (
            "batch_normalization(renorm=true, momentum=0.7)",
            lambda: K.BatchNormalization(renorm=True, momentum=0.7),
            (4, 6),
        ),
        (
            "batch_normalization(scale=false, center=false, renorm=true, renorm_momentum=0.8, "
            "renorm_clipping={ rmin: 0.8, rmax: 1.2, dmax: 0.3 })",
            lambda: K.BatchNormalization(
                scale=False,
                center=False,
                renorm=True,
                renorm_momentum=0.8,
                renorm_clipping={"rmin": 0.8, "rmax": 1.2, "dmax": 0.3},
            ),
            (6,),
        ),
        (
            "spectral_normalization(dense(6))",
            lambda: K.SpectralNormalization(K.Dense(6)),
            (6,),
        ),
        (
            'spectral_normalization(conv2d(6, 2, padding="same"), 2)',
            lambda: K.SpectralNormalization(K.Conv2D(6, 2, padding="same"), 2),
            (3, 3, 6),
        ),
    ],
)
def test_layers_with_statistics_train_as_in_keras(call, layer, shape):
    """Loss, statistics and weights over three steps."""
    fields = f"  x : f32{list(shape)}\n  target : f32{list(shape)}"
    run = program(f"  input x : f32{list(shape)}\n  output y = x -> {call}", TRAIN, fields)
    norm = layer()
    norm.build((None, *shape))
    copy_weights(norm, run)
    trainable = [v.value for v in norm.trainable_variables]
    frozen = [v.value for v in norm.non_trainable_variables]
    state = run.state
    for step in range(3):
        x, target = floats(8, *shape, seed=step) * 2 + 1, floats(8, *shape, seed=10 + step)

        def loss(weights, frozen=frozen, x=x, target=target):
            y, moved = norm.stateless_call(weights, frozen, x, training=True)
            return jnp.mean((y - target) ** 2), moved

        (value, frozen), grads = jax.value_and_grad(loss, has_aux=True)(trainable)
        trainable = [w - 0.1 * g for w, g in zip(trainable, grads, strict=True)]
        state, sums = run.executable.train_step(
            state, {"x": x, "target": target}, np.ones(8, np.float32)
        )
        close(sums["loss"]["total"] / sums["loss"]["count"], value)
    named = by_name(state["params"]) | by_name(state["stats"])
    for variables, values in (
        (norm.trainable_variables, trainable),
        (norm.non_trainable_variables, frozen),
    ):
        for variable, value in zip(variables, values, strict=True):
            close(named[variable.name], value, 1e-4, 1e-5)


def test_statistics_of_a_short_batch_are_those_of_its_rows_alone():
    """Rows that fill a batch up do not count, as if Keras saw the short batch."""
    fields = "  x : f32[4, 6]\n  target : f32[4, 6]"
    run = program("  input x : f32[4, 6]\n  output y = x -> batch_normalization", TRAIN, fields)
    norm = K.BatchNormalization()
    norm.build((None, 4, 6))
    copy_weights(norm, run)
    x, target = floats(8, 4, 6), floats(8, 4, 6, seed=1)
    mask = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.float32)
    _, moved = norm.stateless_call(
        [v.value for v in norm.trainable_variables],
        [v.value for v in norm.non_trainable_variables],
        x[:5],
        training=True,
    )
    state, _ = run.executable.train_step(run.state, {"x": x, "target": target}, mask)
    named = by_name(state["stats"])
    for variable, value in zip(norm.non_trainable_variables, moved, strict=True):
        close(named[variable.name], value)


def test_masked_steps_do_not_count_in_statistics():
    """Nor do rows that fill the batch up; the loss is a mean over what counts."""
    fields = "  x : f32[4, 6]\n  target : f32[4, 6]"
    body = "  input x : f32[4, 6]\n  output y = x -> masking -> batch_normalization"
    run = program(body, TRAIN, fields)
    norm = K.BatchNormalization()
    norm.build((None, 4, 6))
    copy_weights(norm, run)
    x, target = floats(8, 4, 6), floats(8, 4, 6, seed=1)
    x[0, 1:] = x[3, 2] = 0
    rows = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.float32)
    steps = np.any(x != 0, -1)[:5]
    trainable = [v.value for v in norm.trainable_variables]
    frozen = [v.value for v in norm.non_trainable_variables]

    def loss(weights):
        y, moved = norm.stateless_call(weights, frozen, x[:5], training=True, mask=steps)
        each = jnp.mean((y - target[:5]) ** 2, -1)
        return jnp.sum(each * steps) / jnp.sum(steps), moved

    (value, moved), grads = jax.value_and_grad(loss, has_aux=True)(trainable)
    state, sums = run.executable.train_step(run.state, {"x": x, "target": target}, rows)
    close(sums["loss"]["total"] / sums["loss"]["count"], value)
    named = by_name(state["params"]) | by_name(state["stats"])
    for variable, statistic in zip(norm.non_trainable_variables, moved, strict=True):
        close(named[variable.name], statistic)
    for variable, gradient in zip(norm.trainable_variables, grads, strict=True):
        close(named[variable.name], variable.value - 0.1 * gradient, 1e-4, 1e-5)


def test_a_phase_that_freezes_renormalization_leaves_its_statistics():
    fields = "  x : f32[4, 6]\n  target : f32[4, 6]"
    body = "  input x : f32[4, 6]\n  share norm = batch_normalization(renorm=true)\n"
    run = program(f"{body}  output y = x -> norm -> dense(6)", f"{TRAIN}\n  freeze norm", fields)
    before = by_name(run.state["stats"])
    batch = {"x": floats(8, 4, 6), "target": floats(8, 4, 6, seed=1)}
    state, _ = run.executable.train_step(run.state, batch, np.ones(8, np.float32))
    after = by_name(state["stats"])
    for name in ("moving_mean", "moving_variance", "moving_stddev", "renorm_mean"):
        close(after[name], before[name], 0, 0)


@pytest.mark.parametrize(
    "call", ["dense(6, lora_rank=2)", 'einsum_dense("ab,bc->ac", 6, lora_rank=2)']
)
def test_an_adapted_kernel_stays_and_the_thin_matrices_learn(call):
    fields = "  x : f32[4]\n  target : f32[6]"
    run = program(f"  input x : f32[4]\n  output y = x -> {call}", TRAIN, fields)
    before: Any = by_name(run.state["params"]) | by_name(run.state["stats"])
    state = run.state
    for step in range(2):  # `b` starts at 0, so that `a` learns from the second step on
        batch = {"x": floats(8, 4, seed=step), "target": floats(8, 6, seed=step)}
        state, _ = run.executable.train_step(state, batch, np.ones(8, np.float32))
    assert set(by_name(state["stats"])) == {"kernel"}
    close(by_name(state["stats"])["kernel"], before["kernel"], 0, 0)
    after = by_name(state["params"])
    for name in ("lora_kernel_a", "lora_kernel_b"):
        assert np.abs(after[name] - before[name]).max() > 1e-4
