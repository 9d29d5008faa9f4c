"""Load a generated file: the text that was shown is the text that runs."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol, cast

import jax

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import ForeignCode
from kspec.runtime.inspection import forbidden_part

Tree = dict[str, Any]  # nested dicts of arrays


class Updates(Protocol):
    """The functions of one phase of training."""

    def train_step(self, state: Tree, batch: Mapping[str, Any], mask: Any) -> tuple[Tree, Tree]:
        """One update."""
        ...

    def train_steps(
        self, state: Tree, data: Mapping[str, Any], rows: Any, mask: Any
    ) -> tuple[Tree, Tree]:
        """Several updates in one dispatch."""
        ...

    def enter(self, state: Tree) -> Tree:
        """The state as the phase begins; the first phase has none."""
        ...

    def finalize(self, state: Tree) -> Tree:
        """The state as the phase ends; only a phase whose weights are averaged has this."""
        ...


class Executable(Updates, Protocol):
    """The functions of a generated file. Files of a model alone have the last two.

    Those of a phase with a name end in it, and are found by `updates_of`.
    """

    def eval_step(self, state: Tree, batch: Mapping[str, Any], mask: Any) -> Tree:
        """What a batch adds to the sums."""
        ...

    def eval_steps(self, state: Tree, data: Mapping[str, Any], rows: Any, mask: Any) -> Tree:
        """What several batches add to the sums."""
        ...

    def results(self, sums: Tree) -> Tree:
        """The loss and the metrics from sums."""
        ...

    def init(self, key: jax.Array) -> Tree:
        """The first state."""
        ...

    def prepare(self, stats: Tree, tables: Mapping[str, Any], batch: Mapping[str, Any]) -> Tree:
        """What the device takes in place of text; only programs with text have this."""
        ...

    def learn(
        self, stats: Tree, tables: Any, batches: Callable[[], Iterable[Mapping[str, Any]]]
    ) -> tuple[Tree, Any]:
        """What layers learn before training; only programs with such layers have this."""
        ...

    def predict(self, state: Tree, batch: Mapping[str, Any]) -> dict[str, jax.Array]:
        """The outputs for a batch."""
        ...


def updates_of(executable: Executable, phase: str) -> Updates:
    """The functions of a phase; those of the file itself where it has no name."""
    if not phase:
        return executable
    found = SimpleNamespace()
    for name in ("train_step", "train_steps", "enter", "finalize"):
        if hasattr(executable, f"{name}_{phase}"):
            setattr(found, name, getattr(executable, f"{name}_{phase}"))
    return cast("Updates", found)


def load_python(text: str, name: str) -> Executable:
    """Run a generated file and give its functions.

    Args:
        text: The whole file.
        name: What tracebacks call it; its lines are shown there.

    Raises:
        SpecError: It does what no generated file does; nothing of it has run.
    """
    reason = forbidden_part(text)
    if reason is not None:
        raise SpecError((ForeignCode(span=None, path=name, reason=reason),))
    module = ModuleType("kspec_program")
    module.__file__ = name
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), module.__dict__)
    return cast("Executable", module)
