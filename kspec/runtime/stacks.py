"""Where a state has the weights: a program may keep those of alike parts in one array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from kspec.runtime.executable import Executable, Tree


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state has a weight.

    Attributes:
        keys: Of nested dicts, one in the other: `("params", "dense", "kernel")`.
        number: Which part of an array it is, where that has the weights of several parts.
    """

    keys: tuple[str, ...]
    number: int | None = None

    def __getitem__(self, number: int) -> Place:
        """The place of one of the weights in the array here."""
        return Place(self.keys, number)


def places(tree: Mapping[str, Any], keys: tuple[str, ...]) -> Tree:
    """Nested dicts with the places of their leaves.

    Args:
        tree: The dicts.
        keys: Where they are.
    """
    return {
        name: places(cast("Tree", each), (*keys, name))
        if isinstance(each, Mapping)
        else Place((*keys, name))
        for name, each in tree.items()
    }


def unstacked(executable: Executable, params: Tree) -> Tree:
    """What is learned by path, of what a state has: arrays, or whatever stands for them."""
    return executable.unstack_weights(params) if hasattr(executable, "unstack_weights") else params


def stacked(executable: Executable, params: Tree) -> Tree:
    """What is learned as a state has it, of arrays by path."""
    return executable.stack_weights(params) if hasattr(executable, "stack_weights") else params


def path_of(there: Mapping[str, Place], name: str, index: tuple[int, ...]) -> str:
    """The path of the weight that a number of the state is of; the name where there is none.

    Args:
        there: Where the state has each weight, by path.
        name: The keys of the array, below its root.
        index: Where in the array the number is.
    """
    wanted = tuple(name.split("."))
    for path, place in there.items():
        if place.keys[1:] == wanted and place.number in (None, *index[:1]):
            return path
    return name
