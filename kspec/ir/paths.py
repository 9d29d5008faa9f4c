"""Selectors over the paths of weights: which weights a text with `*` and `**` means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kspec.ir.core import Op

Rounds: TypeAlias = "Sequence[tuple[str, ...]]"  # the paths of each round's weights


def matches(parts: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a selector means a weight, or something that the weight is in.

    `*` stands for one part of a path, `**` for any number of parts. The parts that may come
    next are followed all at once, so that no selector takes long.
    """
    states = _closed({0}, parts)
    for word in path:
        if len(parts) in states:
            return True
        stay = {at for at in states if parts[at] == "**"}
        states = _closed(stay | {at + 1 for at in states if parts[at] in ("*", word)}, parts)
    return len(parts) in states


def _closed(states: set[int], parts: tuple[str, ...]) -> set[int]:
    """With the parts behind each `**`, which may stand for nothing."""
    found: set[int] = set()
    for at in states:
        found.add(at)
        while at < len(parts) and parts[at] == "**":
            at += 1
            found.add(at)
    return found


def common_part(paths: Iterable[str]) -> str:
    """The part of the model that all these weights are in; empty for the model itself."""
    parts = [path.split(".")[:-1] for path in paths]
    shared: list[str] = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return ".".join(shared)


def alike_parts(rounds: Rounds, paths: Iterable[str]) -> tuple[str, ...] | None:
    """The part of the model that each round's weights are, or None.

    All weights of the part must be the round's, and parts must have theirs at the same places.

    Args:
        rounds: The paths of each round's weights, in the same order.
        paths: The paths of all weights.
    """
    parts = tuple(map(common_part, rounds))
    places = {
        tuple(path[len(part) :] for path in row) for row, part in zip(rounds, parts, strict=True)
    }
    if len(places) > 1 or not all(parts) or len(set(parts)) < len(parts):
        return None
    mine = {path for row in rounds for path in row}
    heads = tuple(f"{part}." for part in parts)
    return parts if {path for path in paths if path.startswith(heads)} == mine else None


def alike_layers(rounds: Rounds, paths: Sequence[str]) -> list[Rounds] | None:
    """Rounds that are a part of the model each; else such rounds for each of their layers.

    Args:
        rounds: The paths of each round's weights, in the same order.
        paths: The paths of all weights.

    Returns:
        None where not even their layers are parts of the model.
    """
    if alike_parts(rounds, paths) is not None:
        return [rounds]
    layers: dict[str, list[tuple[str, ...]]] = {}
    for column in zip(*rounds, strict=True):
        layers.setdefault(column[0].rpartition(".")[0], []).append(column)
    found: list[Rounds] = [list(zip(*columns, strict=True)) for columns in layers.values()]
    return found if all(alike_parts(each, paths) for each in found) else None


def rounds_of(stack: Op) -> Rounds:
    """The paths of each round's weights, of a `stack_rounds`."""
    size = len(stack.results)
    paths = [value.name for value in stack.args]
    return [tuple(paths[at : at + size]) for at in range(0, len(paths), size)]
