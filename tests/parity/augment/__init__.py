"""Augmentation: each layer's `apply` beside Keras' layer, given the same draws."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import numpy as np

from tests.parity.harness import close, keras

__all__ = ["K", "agree", "images", "jitted", "keras"]

K = keras.layers


def images(*shape: int, high: float = 255.0, seed: int = 0) -> np.ndarray:
    """Smooth noise from 0 to `high`, f32, with whole values where that is 255."""
    rng = np.random.default_rng(seed)
    x = rng.random(shape).astype(np.float32) * high
    return np.round(x) if high == 255.0 else x


def jitted(apply: Callable[..., jax.Array], *given: object, **settings: object) -> jax.Array:
    """What a function gives, compiled as one, which is quicker than one operation at a time."""
    return jax.jit(partial(apply, **settings))(*given)


def agree(ours: object, theirs: object, high: float = 255.0) -> None:
    """Compare images whose values go up to `high`."""
    close(np.asarray(ours), np.asarray(theirs), 1e-4, high * 1e-4)
