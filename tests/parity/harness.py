"""What the parity tests share: small programs, random arrays, comparison."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported

import jax
import jax.numpy as jnp
import keras
import numpy as np

import kspec
from kspec.runtime.run import Run

RTOL, ATOL = 1e-5, 1e-6
GRADIENT_RTOL, GRADIENT_ATOL = 1e-4, 1e-5


def program(body: str, train: str = "", fields: str = "") -> Run:
    """An untrained run of a model with a body, trained as `train` says if it says so."""
    text = f"model M {{\n{body}\n}}\n"
    if train:
        text += f"data d {{\n  source = arrays()\n{fields}\n}}\n"
        text += f"train {{\n  model = M\n  data = d\n{train}\n}}\n"
    return kspec.compile_text(text).init()


def spell(args: dict[str, Any], lead: str = "") -> str:
    """Keyword arguments as a spec writes them, behind `lead` if there are any."""

    def value(each: Any) -> str:
        if each is None or isinstance(each, bool):
            return str(each).lower()
        return f'"{each}"' if isinstance(each, str) else str(each)

    return lead * bool(args) + ", ".join(f"{key}={value(each)}" for key, each in args.items())


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal draws."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def probabilities(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows that sum to 1."""
    raw = np.random.default_rng(seed).random(shape) + 0.05
    return (raw / raw.sum(-1, keepdims=True)).astype(np.float32)


def copy_weights(layer: keras.Layer, run: Run) -> None:
    """Give a Keras layer and a run of it the same random weights, by the weights' names."""
    for index, variable in enumerate(layer.variables):
        if "seed" in variable.path:
            continue
        value = floats(*variable.shape, seed=100 + index)
        if "variance" in variable.name:
            value = np.abs(value) + 0.5
        variable.assign(value)
        (path,) = [path for path in run.weights if path.rsplit(".", 1)[-1] == variable.name]
        run.weights[path] = value


def by_name(tree: Any) -> dict[str, np.ndarray]:
    """The leaves of nested dicts by their own names."""
    found: dict[str, np.ndarray] = {}
    for name, value in tree.items():
        found |= by_name(value) if isinstance(value, dict) else {name: np.asarray(value)}
    return found


def close(ours: Any, theirs: Any, rtol: float = RTOL, atol: float = ATOL) -> None:
    """Equal but for rounding."""
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=rtol, atol=atol)


def loss_and_gradient(run: Run, batch: dict[str, Any], wanted: str) -> tuple[float, np.ndarray]:
    """A program's loss over a whole batch, and its gradient to one field."""
    rows = len(batch[wanted])
    state = run.state

    def loss(value: jax.Array) -> jax.Array:
        mask = jnp.ones(rows)
        key = jax.random.key(0)
        train: Any = run.executable.train
        return train(state["params"], state["stats"], {**batch, wanted: value}, mask, key)[0]

    value, gradient = jax.value_and_grad(loss)(jnp.asarray(batch[wanted]))
    return float(value), np.asarray(gradient)
