"""Choices among changes: what they are made of, and that they leave prediction alone."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.aug_mix import aug_mix
from kspec.helpers.rand_augment import rand_augment
from kspec.helpers.random_color_jitter import random_color_jitter
from kspec.helpers.random_operation import random_operation
from tests.parity.augment import images
from tests.parity.harness import program

X = images(4, 8, 8, 3)


def test_all_operations_come_and_each_does_something_of_its_own():
    operation = jax.jit(random_operation, static_argnums=(2, 3, 4, 5))
    results = [
        np.asarray(operation(X, jax.random.key(i), (0, 12), (0.5, 0.5), (0, 255), "bilinear"))
        for i in range(80)
    ]
    assert any(np.array_equal(each, X) for each in results)
    # Ten of them draw, or not: what does not differ by its amounts is told apart by its means.
    kinds = {tuple(np.round(each.mean((0, 1, 2)), 3)) for each in results}
    assert len(kinds) >= 10
    assert all(np.isfinite(each).all() for each in results)


@pytest.mark.parametrize("change", [rand_augment, aug_mix])
def test_policies_stay_in_range_and_differ_by_key(change):
    change = jax.jit(change)
    first, second = change(X, jax.random.key(1)), change(X, jax.random.key(2))
    assert first.shape == X.shape and first.dtype == jnp.float32
    assert not np.allclose(first, second)
    for each in (first, second):
        assert np.isfinite(each).all() and each.min() >= -1e-3 and each.max() <= 255 + 1e-3


def test_jitter_without_factors_changes_nothing():
    np.testing.assert_array_equal(random_color_jitter(X, jax.random.key(0)), X)


def test_each_image_changes_in_its_own_way():
    """Four times the same image gives four images."""
    same = np.repeat(X[:1], 4, axis=0)
    y = np.asarray(random_color_jitter(same, jax.random.key(0), (0, 255), (-0.3, 0.3)))
    assert len({each.tobytes() for each in y}) == 4


CALLS = [
    "random_affine(rotation=20deg, shift=10%, flip=horizontal)",
    "random_flip",
    "rand_augment",
    "random_erasing",
]


@pytest.mark.parametrize("call", CALLS)
def test_a_step_changes_and_evaluation_and_prediction_do_not(call):
    body = f"  input x : f32[8, 8, 3]\n  output y = x -> {call}"
    train = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 4"
    run = program(body, train, "  x : f32[8, 8, 3]\n  target : f32[8, 8, 3]")
    np.testing.assert_array_equal(run.executable.outputs({}, {}, {"x": X})["y"], X)
    batch = {"x": X, "target": X}
    loss, _ = run.executable.train({}, {}, batch, jnp.ones(4), jax.random.key(3))
    assert float(loss) > 0
