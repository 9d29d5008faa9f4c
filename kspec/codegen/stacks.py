"""Weights of rounds that the state has as one array, and the functions that go to and fro."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kspec.codegen import layout
from kspec.ir import Module, alike_layers, alike_parts, rounds_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of the model that are the rounds of a loop.

    Attributes:
        name: What the state calls them together: `decoder_layers`.
        parts: Their paths: `decoder_layer`, `decoder_layer_1`.
        places: The paths of the weights in each.
    """

    name: str
    parts: tuple[str, ...]
    places: tuple[str, ...]


class Stacks:
    """All stacks of a program.

    Attributes:
        all: The stacks.
    """

    def __init__(self, module: Module) -> None:
        paths = [weight.path for weight in module.weights]
        taken = {path.partition(".")[0] for path in paths}
        ops = [op for func in module.funcs for op in func.ops if op.attrs.get("kept")]
        found: list[Stack] = []
        for op in {op.args: op for op in ops}.values():
            for rounds in alike_layers(rounds_of(op), paths) or ():
                parts = alike_parts(rounds, paths)
                assert parts is not None  # or they were not among the layers
                places = tuple(path.removeprefix(f"{parts[0]}.") for path in rounds[0])
                found.append(Stack(_free(parts[0], taken), parts, places))
        self.all = tuple(found)
        self._homes = {
            f"{part}.{place}": f"{stack.name}.{place}"
            for stack in self.all
            for part in stack.parts
            for place in stack.places
        }

    def home(self, path: str) -> str:
        """Where the state has a weight."""
        return self._homes.get(path, path)

    def homes(self, of_paths: Mapping[str, T]) -> dict[str, T]:
        """Something for each weight, as something for each array of the state."""
        found: dict[str, T] = {}
        for path, each in of_paths.items():
            found.setdefault(self.home(path), each)
        return found

    def arrays(self, paths: Iterable[str]) -> dict[str, list[str]]:
        """The weights in each array of the state, in their order there.

        Args:
            paths: The paths of what is learned, in the spec's order.
        """
        stacked: dict[str, list[str]] = {}
        for path, home in self._homes.items():
            stacked.setdefault(home, []).append(path)
        firsts = self.homes({path: path for path in paths})
        return {home: stacked.get(home, [first]) for home, first in firsts.items()}

    # --- the functions

    def functions(self, paths: Iterable[str], helper: str) -> list[str]:
        """`stack_weights` and `unstack_weights`.

        Args:
            paths: The paths of what is learned, in the spec's order.
            helper: The function that stacks.
        """
        calls = {
            part: f'part_of(params["{stack.name}"], {number})'
            for stack in self.all
            for number, part in enumerate(stack.parts)
        }
        apart = {part: calls.get(part, _param(part)) for part in self._parts(paths)}
        together = {part: text for part, text in apart.items() if part not in calls}
        for stack in self.all:
            together[stack.name] = f"{helper}([{', '.join(map(_param, stack.parts))}])"
        return [
            _function(
                "stack_weights", "The weights as the state has them, of those by path.", together
            ),
            _function(
                "unstack_weights", "The weights by path, of those that the state has.", apart
            ),
        ]

    def _parts(self, paths: Iterable[str]) -> list[str]:
        """The parts of the model: those that are in stacks, and the rest, as large as can be."""
        stacked = {
            f"{part}.{place}": part
            for stack in self.all
            for part in stack.parts
            for place in stack.places
        }
        labels = {path: stacked.get(path, "") for path in paths}
        rest = [part for part, label in layout.collapse(labels).items() if not label]
        own = {p: next((r for r in rest if f"{p}.".startswith(f"{r}.")), "") for p in labels}
        return list(dict.fromkeys(part or own[path] for path, part in labels.items()))


def _param(path: str) -> str:
    return layout.subscript("params", path)


def _function(name: str, says: str, parts: Mapping[str, str]) -> str:
    lines = layout.dictionary(layout.nest(parts), 1, "return ")
    return "\n".join([f"def {name}(params):", f'    """{says}"""', *lines])


def _free(part: str, taken: set[str]) -> str:
    """A name for parts like this one that nothing at the top of the state has."""
    base = f"{part.rpartition('.')[2]}s"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name
