"""Weights by path: `dense.kernel` against the nested dicts of the program's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kspec.files import replacing
from kspec.runtime import compat
from kspec.runtime.executable import Tree

ROOTS = ("params", "stats")


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"dense": {"kernel": a}}` as `{"dense.kernel": a}`."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{path}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            flat[path] = value
    return flat


def weight_paths(state: Tree) -> tuple[str, ...]:
    """The paths of all weights: what is learned, then the statistics."""
    return tuple(path for root in ROOTS for path in flatten(state[root]))


class Weights(MutableMapping[str, NDArray[Any]]):
    """The weights of a run as a mapping from path to NumPy array; assigning sets them.

    Args:
        state: The program's state; assignments change its leaves in place.
        paths: The paths in order.
    """

    def __init__(self, state: Tree, paths: tuple[str, ...]) -> None:
        self._state = state
        self._paths = paths

    def _holder(self, path: str) -> tuple[Tree, str]:
        *parents, last = path.split(".")
        for root in ROOTS:
            at: Any = self._state[root]
            for part in parents:
                at = at.get(part) if isinstance(at, dict) else None  # pyright: ignore
            if isinstance(at, dict) and last in at and not isinstance(at[last], dict):
                return at, last  # pyright: ignore[reportUnknownVariableType]
        raise KeyError(path)

    def __getitem__(self, path: str) -> NDArray[Any]:
        holder, last = self._holder(path)
        return np.asarray(holder[last])

    def __setitem__(self, path: str, value: Any) -> None:
        holder, last = self._holder(path)
        old = holder[last]
        array = np.asarray(value)
        if array.shape != old.shape:
            raise ValueError(f"{path} has the shape {old.shape}, not {array.shape}")
        holder[last] = compat.to_device(array.astype(old.dtype))

    def __delitem__(self, path: str) -> None:
        raise TypeError("weights can be set but not removed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def save_weights(weights: Weights, path: Path) -> None:
    """Write weights as safetensors; the old file stays until the new one is whole."""
    from safetensors import numpy as safetensors

    with replacing(path) as temporary:
        cast("Any", safetensors).save_file(
            {name: np.ascontiguousarray(value) for name, value in weights.items()}, temporary
        )
