"""What passes can do in more than one way, and which way they go.

A pass gives each such place as a `Site` to `choose`. Measurements of this machine, as `kspec tune`
makes them, stand in `module.train.choices`; without one the pass has its own choice. `sites`
lists what passes asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

from kspec.diagnostics import Span
from kspec.estimate.sizes import Sizes
from kspec.ir import BATCH, Module, Op, TensorType, TrainSettings, show_attr

DEFAULT_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a program can be made in several ways.

    Attributes:
        key: What the choice depends on: op, types with their batch, attributes. Places of one key
            are chosen together.
        options: The ways.
        default: What the pass takes where nothing was measured on this machine.
        title: What it is called in a table.
        func: The function of the IR that it is in.
        span: Its place in the spec.
        cpu: Whether the ways differ on CPUs only.
    """

    key: str
    options: tuple[str, ...]
    default: str
    title: str
    func: str
    span: Span | None = None
    cpu: bool = False


_ASKED: ContextVar[list[Site] | None] = ContextVar("sites", default=None)


def choose(site: Site, train: TrainSettings | None) -> tuple[str, bool]:
    """The way to go, and whether that was measured on this machine."""
    asked = _ASKED.get()
    if asked is not None:
        asked.append(site)
    measured = dict(train.choices).get(site.key) if train else None
    if measured in site.options:
        return measured, True
    return site.default, False


@contextmanager
def asking() -> Generator[list[Site]]:
    """Gather the sites that passes ask for inside."""
    asked: list[Site] = []
    token = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(token)


def sites(module: Module, passes: Callable[[Module], Module]) -> dict[str, list[Site]]:
    """What passes ask for in the functions that train, in their order, by key."""
    found: dict[str, list[Site]] = {}
    with asking() as asked:
        passes(module)
    for site in (each for each in asked if each.func.startswith("train")):
        same = found.setdefault(site.key, [])
        if site not in same:
            same.append(site)
    return found


def with_choices(
    module: Module, table: Mapping[str, str], passes: Callable[[Module], Module]
) -> Module:
    """The module with those choices of a table that concern it."""
    train = module.train
    if train is None or not table:
        return module
    taken: dict[str, str] = {}
    while True:  # the way of one place may bring others with it
        module = replace(module, train=replace(train, choices=tuple(sorted(taken.items()))))
        asked = sites(module, passes)
        more = {key: table[key] for key in asked if key in table and key not in taken}
        if not more:
            return module
        taken |= more


def key_of(op: Op, train: TrainSettings | None) -> str:
    """An op as the table knows it: `max_pool(f32[64,8,8,3]) window=(2, 2) ... : f32[64,4,4,3]`."""
    sizes = Sizes(batch_of(train))
    args = ", ".join(str(_sized(value.type, sizes)) for value in op.args)
    attrs = "".join(f" {name}={show_attr(value)}" for name, value in sorted(op.attrs.items()))
    return f"{op.name}({args}){attrs} : {_sized(op.results[0].type, sizes)}"


def batch_of(train: TrainSettings | None) -> int:
    """Examples of a batch on a device; those of a spec that does not say."""
    return train.share if train else DEFAULT_BATCH


def _sized(type: TensorType, sizes: Sizes) -> TensorType:
    """A type with the batch that a step has; other named axes stay."""
    known = (sizes.axis(a) if re.fullmatch(rf"\d*{BATCH}", str(a)) else a for a in type.shape)
    return type.with_shape(tuple(known))
