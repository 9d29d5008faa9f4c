"""The host's part of a program: what is learned from the training split, and what text becomes.

Vocabularies are kept beside the weights, in `tables.json` of a run folder and, as UTF-8, in
files of weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from kspec.data.dataset import Split
from kspec.data.lookups import Looked, check_rows, looks_up
from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import NothingLearned, WordUnknown
from kspec.runtime import compat
from kspec.runtime.bundle import Bundle
from kspec.runtime.executable import Executable, Tree
from kspec.runtime.learned import learned_from

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Tables: TypeAlias = dict[str, tuple[str | int, ...]]


def learns(executable: Executable) -> bool:
    """Whether layers learn from the training split before it begins."""
    return hasattr(executable, "learn")


def prepares(executable: Executable) -> bool:
    """Whether the host makes something of the fields before the device gets them."""
    return hasattr(executable, "prepare")


def learn(
    executable: Executable,
    bundle: Bundle,
    state: Tree,
    kept: Mapping[str, Any],
    tables: Tables,
    split: Split,
) -> None:
    """Set what layers learn: statistics of the state, and vocabularies.

    Args:
        executable: The program.
        bundle: Its text and plan.
        state: Its state, whose statistics change.
        kept: Statistics that stay as they are, by path: those of files.
        tables: The vocabularies, which change; those that are there stay.
        split: The training split.
    """
    stats = _copy(state["stats"])
    python = "" if bundle.plan.externs else bundle.python
    numbers, found = learned_from(executable, python, stats, split)
    for path, value in {**numbers, **kept}.items():
        *parents, last = path.split(".")
        at = stats
        for part in parents:
            at = at[part]
        at[last] = value
    state["stats"] = compat.tree_map(compat.like, stats, state["stats"])
    tables.update({**found, **tables})


def _copy(tree: Tree) -> Tree:
    return {k: _copy(cast("Tree", v)) if isinstance(v, dict) else v for k, v in tree.items()}


def prepare(executable: Executable, state: Tree, tables: Tables, arrays: Arrays) -> Arrays:
    """The arrays that the device takes: those that are no text, and what the host makes.

    Raises:
        SpecError: Nothing was learned yet, or a word has no number.
    """
    if not prepares(executable):
        return arrays
    stats = cast("Tree", compat.to_host(state["stats"]))
    try:
        made = executable.prepare(stats, tables, arrays)
    except KeyError:
        raise SpecError((NothingLearned(span=None),)) from None
    except LookupError as error:
        raise SpecError((WordUnknown(span=None, reason=str(error)),)) from None
    numbers = {name: array for name, array in arrays.items() if array.dtype.kind != "U"}
    return numbers | {name: np.asarray(value) for name, value in made.items()}


def prepare_splits(
    prepared: Callable[[Arrays], Arrays],
    splits: Mapping[str, Split],
    below: Mapping[str, int],
    places: Mapping[str, Span],
) -> dict[str, Split]:
    """All splits as the device takes them; they are prepared at once, so that shapes agree.

    Args:
        prepared: What becomes of arrays.
        splits: The splits.
        below: What prepared numbers must be below: the rows of embeddings that look them up.
        places: Where those are.

    Raises:
        SpecError: As `prepare`, or a number is too large.
    """
    parts = list(splits.values())
    fields = parts[0].arrays
    arrays = {name: np.concatenate([part.arrays[name] for part in parts]) for name in fields}
    whole = prepared(arrays)
    for name, rows in below.items():
        looked = Looked(name, rows, places.get(looks_up(name)), None)
        check_rows(looked, whole[name], lambda row: f"row {row + 1}")
    ends = np.cumsum([len(part) for part in parts])[:-1]
    pieces = {name: np.split(array, ends) for name, array in whole.items()}
    return {
        name: Split({field: piece[number] for field, piece in pieces.items()}, part.class_names)
        for number, (name, part) in enumerate(splits.items())
    }
