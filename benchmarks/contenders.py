"""The ways to train that workloads compare: a spec, a model of Keras, JAX written by hand.

All of them train on the same arrays, from the same first weights, with batches of the same
size, in f32. A call of what they give trains so many epochs on, and gives the mean loss of the
last one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import Done, Run

if TYPE_CHECKING:  # imported where they are used: some workloads time that
    import keras
    import optax

    import kspec

Arrays = Mapping[str, np.ndarray]
Params = dict[str, Any]
Loss = Callable[[Params, Arrays], Any]  # of the weights and a batch; the loss, or (loss, extra)


def spec_weights(program: kspec.Program) -> dict[str, np.ndarray]:
    """The first weights of a program by path, in the order in which Keras has them, too."""
    return dict(program.init().weights)


def spec_fit(
    program: kspec.Program, weights: Arrays, data: Arrays, epochs: int | None = None
) -> Run:
    """Train a spec by `fit`: so many epochs a call, or all its phases."""
    run = program.init()
    run.weights.update(weights)

    def call() -> Done:
        run.fit({"train": dict(data)}, epochs=epochs, quiet=True)
        return Done(run.history[-1]["train"]["loss"], int(run.state["step"]))

    return call


def keras_fit(
    model: keras.Model,
    weights: Sequence[np.ndarray],
    x: Any,
    y: Any = None,
    *,
    epochs: int = 1,
    batch: int | None = None,
    shuffle: bool = True,
) -> Run:
    """Train a compiled model of Keras by `fit`."""
    model.set_weights(list(weights))

    def call() -> Done:
        history = model.fit(x, y, batch, epochs, verbose=0, shuffle=shuffle)
        return Done(history.history["loss"][-1], int(model.optimizer.iterations))

    return call


def jax_fit(
    loss: Loss,
    optimizer: optax.GradientTransformation,
    weights: Arrays,
    data: Arrays,
    *,
    frozen: Arrays | None = None,
    epochs: int = 1,
    batch: int,
    shuffle: bool = True,
) -> Run:
    """Train by hand: a jitted step in a loop over batches, as tutorials of JAX have it.

    The state is donated, and losses and metrics stay on the device until an epoch is over.
    """
    import jax
    import optax

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(params: Params, moments: Any, fixed: Params, arrays: Arrays) -> Any:
        def total(params: Params) -> Any:
            found = loss({**params, **fixed}, arrays)
            return found if isinstance(found, tuple) else (found, ())

        (value, extra), grads = jax.value_and_grad(total, has_aux=True)(params)
        updates, moments = optimizer.update(grads, moments, params)
        return optax.apply_updates(params, updates), moments, (value, extra)

    fixed = jax.device_put(dict(frozen or {}))
    params = jax.device_put({name: w for name, w in weights.items() if name not in fixed})
    state = [params, jax.jit(optimizer.init)(params), 0]
    rng = np.random.default_rng(0)
    rows = len(next(iter(data.values())))

    def epoch() -> float:
        order = rng.permutation(rows) if shuffle else np.arange(rows)
        seen = []
        for first in range(0, rows, batch):
            chosen = order[first : first + batch]
            arrays = {name: each[chosen] for name, each in data.items()}
            state[0], state[1], result = step(state[0], state[1], fixed, arrays)
            state[2] += 1
            seen.append((result, len(chosen)))
        seen = jax.device_get(seen)
        return float(np.average([value for (value, _), _ in seen], weights=[n for _, n in seen]))

    def call() -> Done:
        value = [epoch() for _ in range(epochs)][-1]
        return Done(value, state[2])

    return call


# --- data: made up, and learnable, so that losses fall; they stay away from 0


def images(rows: int, shape: tuple[int, ...], classes: int) -> dict[str, np.ndarray]:
    """Noise around a picture for each class; every fifth label is a guess."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 128, (classes, *shape), np.uint8)
    label = rng.integers(0, classes, rows).astype(np.int32)
    image = pictures[label] + rng.integers(0, 128, (rows, *shape), np.uint8)
    guess = rng.integers(0, classes, rows).astype(np.int32)
    return {"image": image, "label": np.where(rng.random(rows) < 0.2, guess, label)}


def token_rows(rows: int, length: int, vocabulary: int) -> np.ndarray:
    """Rows of words, of which low numbers are frequent, as in texts."""
    draws = np.random.default_rng(0).random((rows, length))
    return (vocabulary**draws - 1).astype(np.int32)
