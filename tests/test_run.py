"""Generated programs mean what they say: each equals JAX written by hand, and learns.

Every spec of `specs/` is here; its golden file proves the text, this module the meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import kspec
from kspec.data.digits import Digits
from kspec.runtime.executable import Executable, updates_of
from tests.conftest import SPECS

Batch = dict[str, np.ndarray]


def digits(rows: int) -> Batch:
    """The first scans and their labels."""
    table = Digits().open(SPECS)
    return table.read(np.arange(rows), ("image", "label"))


def shipped(name: str) -> Callable[[int], Batch]:
    """The first rows of the data that a spec trains on."""

    def first(rows: int) -> Batch:
        run = kspec.compile(SPECS / f"{name}.kspec").init()
        dataset = run.dataset()
        run.learn(dataset)
        arrays = run.prepared(dataset.splits["train"].arrays)
        return {field: array[:rows] for field, array in arrays.items()}

    return first


def mnist_like(rows: int) -> Batch:
    """Digits blown up to 28 by 28, with the range of MNIST."""
    small = digits(rows)
    image = np.kron(small["image"], np.ones((1, 3, 3), np.uint8)) * 15
    return {"image": np.pad(image, ((0, 0), (2, 2), (2, 2))), "label": small["label"]}


def pairs(rows: int) -> Batch:
    """Token sequences that are the same or not."""
    rng = np.random.default_rng(0)
    left = rng.integers(0, 1_000, (rows, 20), dtype=np.int32)
    same = rng.integers(0, 2, rows).astype(np.float32)
    other = rng.integers(0, 1_000, (rows, 20), dtype=np.int32)
    return {"left": left, "right": np.where(same[:, None] == 1, left, other), "same": same}


def mlp(params: Any, batch: Batch, scale: float) -> jax.Array:
    """The logits of the two perceptrons."""
    x = batch["image"].reshape(len(batch["image"]), -1) * np.float32(scale)
    x = jax.nn.relu(x @ params["dense"]["kernel"] + params["dense"]["bias"])
    return x @ params["dense_1"]["kernel"] + params["dense_1"]["bias"]


def mlp_loss(scale: float) -> Callable[..., jax.Array]:
    """Mean crossentropy of a perceptron over the real rows of a batch."""

    def loss(params: Any, batch: Batch, mask: jax.Array) -> jax.Array:
        each = optax.softmax_cross_entropy_with_integer_labels(
            mlp(params, batch, scale), batch["label"]
        )
        return (each * mask).sum() / mask.sum()

    return loss


def match(params: Any, batch: Batch) -> jax.Array:
    """The logits of `matching`: one encoder, called twice."""

    def encode(tokens: np.ndarray) -> jax.Array:
        p = params["encode"]
        x = p["embedding"]["embeddings"][tokens].reshape(len(tokens), -1)
        x = jnp.tanh(x @ p["dense"]["kernel"] + p["dense"]["bias"])
        return x @ p["dense_1"]["kernel"] + p["dense_1"]["bias"]

    difference = (encode(batch["left"]) - encode(batch["right"])) ** 2
    return difference @ params["dense"]["kernel"] + params["dense"]["bias"]


def match_loss(params: Any, batch: Batch, mask: jax.Array) -> jax.Array:
    """Mean binary crossentropy of `matching`."""
    each = optax.sigmoid_binary_cross_entropy(match(params, batch)[:, 0], batch["same"])
    return (each * mask).sum() / mask.sum()


def keras_adam(rate: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-7) -> Any:
    """Adam as Keras has it: epsilon stands beside the uncorrected root."""

    def init(params: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return 0, zeros, zeros

    def update(grads: Any, state: Any, params: Any) -> Any:
        count, m, v = state
        count = count + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)
        step = rate * jnp.sqrt(1 - b2**count) / (1 - b1**count)
        return jax.tree.map(lambda m, v: -step * m / (jnp.sqrt(v) + eps), m, v), (count, m, v)

    return optax.GradientTransformation(init, update)


# Spec: its data, the loss by hand, and the optimizer by hand.
BY_HAND: dict[str, tuple[Callable[[int], Batch], Any, Any]] = {
    "digits": (digits, mlp_loss(1 / 16), optax.rmsprop(1e-3, decay=0.9, eps=1e-7)),
    "mnist": (mnist_like, mlp_loss(1 / 255), optax.rmsprop(1e-3, decay=0.9, eps=1e-7)),
    "matching": (pairs, match_loss, keras_adam(1e-3)),
}
DATA = {name: row[0] for name, row in BY_HAND.items()}
DATA |= {"callbacks": digits, "digits_cnn": digits, "digits_phases": digits}
ELSEWHERE = {"flowers": "test_flowers"}  # which is large, and reads files that are not here
DATA |= {
    name: shipped(name)
    for name in ("augmented", "autoencoder", "docstrings", "generator", "siamese", "tabular")
}


@cache
def load(name: str) -> Any:
    """The generated program of a spec; training is that of its first phase."""
    run = kspec.compile(SPECS / f"{name}.kspec").init()
    updates = updates_of(run.executable, run.bundle.plan.phases[0].name)
    program = SimpleNamespace(**vars(run.executable))
    program.train_step, program.train_steps = updates.train_step, updates.train_steps
    return program


def fresh(executable: Executable) -> Any:
    """A state that nobody else holds."""
    return executable.init(jax.random.key(0))


def test_every_spec_is_here():
    assert set(DATA) | set(ELSEWHERE) == {path.stem for path in SPECS.glob("*.kspec")}
    assert all((SPECS.parent / "tests" / f"{module}.py").is_file() for module in ELSEWHERE.values())


@pytest.mark.parametrize("name", BY_HAND)
def test_training_equals_jax_written_by_hand(name):
    data, loss, optimizer = BY_HAND[name]
    executable = load(name)
    state = fresh(executable)
    params = jax.tree.map(jnp.array, state["params"])
    moments = optimizer.init(params)
    mask = jnp.ones(16).at[12:].set(0)
    batch = data(16)

    @jax.jit
    def update(params, moments):
        value, grads = jax.value_and_grad(loss)(params, batch, mask)
        updates, moments = optimizer.update(grads, moments, params)
        return optax.apply_updates(params, updates), moments, value

    for _ in range(8):
        state, sums = executable.train_step(state, batch, mask)
        params, moments, value = update(params, moments)
        assert sums["loss"]["total"] / sums["loss"]["count"] == pytest.approx(
            float(value), rel=2e-5
        )
    for ours, theirs in zip(jax.tree.leaves(state["params"]), jax.tree.leaves(params), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


def normalize(x: jax.Array, params: Any, stats: Any) -> jax.Array:
    """Batch normalization by moving statistics."""
    scale = params["gamma"] / jnp.sqrt(stats["moving_variance"] + 0.001)
    return (x - stats["moving_mean"]) * scale + params["beta"]


def test_digits_cnn_predicts_as_jax_written_by_hand():
    executable = load("digits_cnn")
    state = fresh(executable)
    batch = digits(32)
    for _ in range(3):
        state, _ = executable.train_step(state, batch, jnp.ones(32))
    x = batch["image"][..., None] / np.float32(16)
    names = ["conv_block", "conv_block_1", "conv_block_2", "conv_block_3"]
    for index, name in enumerate(names):
        params, stats = state["params"][name], state["stats"][name]
        x = jax.lax.conv_general_dilated(
            x,
            params["conv2d"]["kernel"],
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        x = jax.nn.relu(normalize(x, params["batch_normalization"], stats["batch_normalization"]))
        if index == 1:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    dense = state["params"]["dense"]
    expected = jax.nn.softmax(x.mean((1, 2)) @ dense["kernel"] + dense["bias"])
    given = executable.predict(state, {"image": batch["image"]})["digit"]
    np.testing.assert_allclose(given, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", DATA)
def test_the_loss_falls(name):
    executable = load(name)
    state, batch, mask = fresh(executable), DATA[name](32), jnp.ones(32)
    losses = []
    for _ in range(25):
        state, sums = executable.train_step(state, batch, mask)
        losses.append(float(sums["loss"]["total"] / sums["loss"]["count"]))
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("name", DATA)
def test_steps_in_one_dispatch_equal_steps_one_by_one(name):
    executable = load(name)
    data = DATA[name](24)
    rows = jnp.arange(24).reshape(3, 8)
    mask = jnp.ones((3, 8)).at[2, 5:].set(0)
    state = fresh(executable)
    parts = []
    for each, real in zip(rows, mask, strict=True):
        batch = {field: array[np.asarray(each)] for field, array in data.items()}
        state, sums = executable.train_step(state, batch, real)
        parts.append(sums)
    fields = {field: jnp.asarray(array) for field, array in data.items()}
    scanned, total = executable.train_steps(fresh(executable), fields, rows, mask)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=5e-4, atol=1e-4),
        scanned["params"],
        state["params"],
    )
    summed = jax.tree.map(lambda *each: sum(each), *parts)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4), total, summed)


@pytest.mark.parametrize("name", DATA)
def test_rows_that_only_fill_a_batch_change_nothing(name):
    """Whatever stands in the masked rows: loss, metrics, gradients and statistics stay."""
    executable = load(name)
    data = DATA[name](16)
    mask = jnp.ones(16).at[11:].set(0)
    results = []
    for filler in (0, 3):
        batch = {field: array.copy() for field, array in data.items()}
        for array in batch.values():
            array[11:] = array[filler]
        results.append(executable.train_step(fresh(executable), batch, mask))
    one, two = results
    for part in ("params", "stats"):
        jax.tree.map(np.testing.assert_array_equal, one[0][part], two[0][part])
    jax.tree.map(np.testing.assert_array_equal, one[1], two[1])


def test_dropout_draws_anew_each_step_and_the_same_again_in_another_run():
    executable = load("digits_cnn")
    batch, mask = digits(32), jnp.ones(32)
    twice = []
    for _ in range(2):
        state = fresh(executable)
        totals = []
        for _ in range(3):
            frozen = jax.tree.map(jnp.array, state["params"])
            state, sums = executable.train_step(state, batch, mask)
            state["params"] = frozen  # so that only the draw differs
            totals.append(float(sums["loss"]["total"]))
        twice.append(totals)
    assert twice[0] == twice[1]
    assert len(set(twice[0])) == 3
