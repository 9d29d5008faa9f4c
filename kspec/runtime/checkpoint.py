"""Checkpoints: the whole state of a run, by Orbax, atomic, the newest readable one used."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kspec.runtime import compat
from kspec.runtime.executable import Tree
from kspec.runtime.loop import Position


class Checkpoints:
    """The checkpoints of a run folder. Use as a context: leaving waits for the last one.

    Args:
        folder: Where they are kept, a subfolder each, named by the number of updates.
        keep: How many; with 2, one is whole while the next is written.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        from orbax.checkpoint import v1  # pyright: ignore[reportMissingTypeStubs]

        logging.getLogger("absl").setLevel(logging.ERROR)
        orbax: Any = v1
        policies = orbax.training.preservation_policies
        self._checkpointer: Any = orbax.training.Checkpointer(
            folder.absolute(), preservation_policy=policies.LatestN(keep)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._checkpointer.close()

    def save(self, state: Tree, position: Position) -> None:
        """Write a checkpoint in the background, unless the one before is still on its way."""
        if not self._has(state):
            self._write(state, position)

    def save_now(self, state: Tree, position: Position, *, replace: bool = False) -> None:
        """Write a checkpoint and wait until it is on the disk.

        Args:
            state: The whole state.
            position: Where the run stands.
            replace: Whether a checkpoint of this step may be another state, and must go.
        """
        self._checkpointer.wait()
        there = self._has(state)
        if replace or not there:
            self._write(state, position, force=True, overwrite=there)
        self._checkpointer.wait()

    def _has(self, state: Tree) -> bool:
        step = int(state["step"])
        return any(each.step == step for each in self._checkpointer.checkpoints)

    def _write(self, state: Tree, position: Position, **options: bool) -> None:
        sums = compat.tree_map(_plain, position.sums)
        note = {
            "epoch": position.epoch,
            "step": position.step,
            "phase": position.phase,
            "since": position.since,
            "sums": sums,
        }
        # The program donates its state to the next update: write a copy.
        copy = compat.tree_map(_copy, state)
        self._checkpointer.save_async(int(state["step"]), copy, custom_metadata=note, **options)

    def load(self, like: Callable[[int], Tree]) -> tuple[Tree, Position] | None:
        """The newest checkpoint that can be read, or None.

        Args:
            like: A state of the program in a phase, for types and shapes.
        """
        for checkpoint in sorted(
            self._checkpointer.checkpoints, key=lambda each: each.step, reverse=True
        ):
            try:
                metadata: Any = self._checkpointer.metadata(checkpoint.step).custom_metadata
                position = _position(metadata)
                state = self._checkpointer.load(checkpoint.step, like(position.phase))
            except (ValueError, OSError, KeyError, json.JSONDecodeError):
                continue  # damaged: the one before it is whole
            return state, position
        return None


def _plain(each: Any) -> Any:
    return np.asarray(each).tolist()


def _copy(each: Any) -> Any:
    return each.copy()


def _array(each: Any) -> NDArray[np.float64]:
    return np.asarray(each, np.float64)


def _position(note: Mapping[str, Any]) -> Position:
    sums = compat.tree_map(_array, note["sums"], is_leaf=lambda each: isinstance(each, list))
    return Position(
        epoch=note["epoch"],
        step=note["step"],
        phase=note.get("phase", 0),
        since=note.get("since", 0),
        sums=sums,
    )
