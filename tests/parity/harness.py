"""What the parity tests share: small programs, random arrays, comparison."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal, NamedTuple

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported

import jax
import jax.numpy as jnp
import keras
import numpy as np

import kspec
from kspec.runtime.run import Run
from tests.parity.figures import RECORD

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
        if isinstance(each, list):
            return f"[{', '.join(map(value, each))}]"
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
        if "variance" in variable.name or "stddev" in variable.name:
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


class Figure(NamedTuple):
    """What a comparison counts for in docs/parity.md.

    Attributes:
        kind: Of the vocabulary.
        family: The case table, where a kind has several.
        part: What is compared.
        case: The case, where a test has several.
    """

    kind: str
    family: str
    part: Literal["values", "gradients"] = "values"
    case: str = ""


def close(
    ours: Any,
    theirs: Any,
    rtol: float = RTOL,
    atol: float = ATOL,
    where: str = "",
    figure: Figure | None = None,
) -> None:
    """Equal but for rounding.

    Args:
        ours: What kspec gives.
        theirs: What Keras gives.
        rtol: The error that is allowed, relative to each element.
        atol: The error that is allowed beside it.
        where: What was compared, for failures.
        figure: What the comparison counts for, while `tests.parity.figures` collects.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=where)
    if figure is not None and RECORD in os.environ:
        case = f"{os.environ['PYTEST_CURRENT_TEST']} {figure.case}"
        line = json.dumps([*figure[:3], case, relative_error(ours, theirs, atol)])
        with Path(os.environ[RECORD]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def relative_error(ours: np.ndarray, theirs: np.ndarray, least: float) -> float:
    """The largest difference of two arrays, by the largest number of the second.

    An element by its own size would say nothing where numbers that should cancel leave rounding.
    Infinities and NaN, which are the same in both, do not count. Where no number is above
    `least`, which the comparison takes for 0, the difference itself is given.
    """
    ours, theirs = (each.astype(np.float64) for each in (ours, theirs))
    finite = np.isfinite(ours) & np.isfinite(theirs)
    if not finite.any():
        return 0.0
    largest = np.abs(theirs[finite]).max()
    return float(
        np.abs(ours[finite] - theirs[finite]).max() / (largest if largest > least else 1.0)
    )


def loss_and_gradient(
    run: Run, batch: dict[str, Any], wanted: str, mask: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """A program's loss over a whole batch, or its rows with mask 1, and a field's gradient."""
    real = np.ones(len(batch[wanted]), np.float32) if mask is None else mask
    state = run.state

    def loss(value: jax.Array) -> jax.Array:
        mask = jnp.asarray(real)
        key = jax.random.key(0)
        train: Any = run.executable.train
        return train(state["params"], state["stats"], {**batch, wanted: value}, mask, key)[0]

    value, gradient = jax.jit(jax.value_and_grad(loss))(jnp.asarray(batch[wanted]))
    return float(value), np.asarray(gradient)
