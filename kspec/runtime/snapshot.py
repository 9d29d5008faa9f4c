"""What a checkpoint holds beside arrays: whose it is, and where the run stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kspec.runtime import compat
from kspec.runtime.executable import Tree
from kspec.runtime.loop import Position


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose checkpoints they are: no others are used.

    Attributes:
        run: The id of the run.
        program: The hash of its program.
    """

    run: str = ""
    program: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint that was read.

    Attributes:
        name: Its folder's name.
        state: The whole state.
        position: Where the run stood.
        notes: What else was saved with it.
    """

    name: str
    state: Tree
    position: Position
    notes: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _plain(each: Any) -> Any:
    return np.asarray(each).tolist()


def _array(each: Any) -> NDArray[np.float64]:
    return np.asarray(each, np.float64)


def position_to_json(position: Position) -> dict[str, Any]:
    """A position as plain JSON values."""
    return {
        "epoch": position.epoch,
        "step": position.step,
        "phase": position.phase,
        "since": position.since,
        "sums": compat.tree_map(_plain, position.sums),
        "skipped": list(position.skipped),
    }


def position_from_json(raw: Mapping[str, Any]) -> Position:
    """Read `position_to_json` back."""
    sums = compat.tree_map(_array, raw["sums"], is_leaf=lambda each: isinstance(each, list))
    return Position(
        epoch=raw["epoch"],
        step=raw["step"],
        phase=raw["phase"],
        since=raw["since"],
        sums=sums,
        skipped=list(raw["skipped"]),
    )
