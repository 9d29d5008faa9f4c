"""The few functions of JAX that the runtime calls, with the types that JAX leaves open.

What differs between versions of JAX belongs here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import jax

_jax = cast("Any", jax)


def device() -> Any:
    """The device that runs the steps: the first one."""
    return _jax.devices()[0]


def tree_map(
    fn: Callable[..., Any], tree: Any, *rest: Any, is_leaf: Callable[[Any], bool] | None = None
) -> Any:
    """Apply a function to the leaves of nested dicts, tuples and lists."""
    return _jax.tree.map(fn, tree, *rest, is_leaf=is_leaf)


def to_device(tree: Any) -> Any:
    """Copy all leaves to the device, and mark them as placed there."""
    return _jax.device_put(tree, device())


def to_host(tree: Any) -> Any:
    """Wait for all leaves, and copy them to NumPy."""
    return _jax.device_get(tree)


def key(seed: int) -> Any:
    """A random key."""
    return _jax.random.key(seed)
