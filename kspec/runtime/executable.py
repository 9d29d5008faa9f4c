"""Load a generated file: the text that was shown is the text that runs."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import Any, Final, Protocol, cast

import jax

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import ForeignCode
from kspec.runtime import native
from kspec.runtime.inspection import forbidden_part

Tree = dict[str, Any]  # nested dicts of arrays
OF_A_PHASE: Final = (
    *("train_step", "train_steps", "enter", "finalize"),
    *("trunk_step", "eval_tail_step", "eval_tail_steps"),
)
MODULE: Final = "kspec_program"  # what a generated file is called by its classes
_NOTHING: Final = MappingProxyType[str, Mapping[str, Callable[..., Any]]]({})


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

    def trunk_step(self, state: Tree, batch: Mapping[str, Any]) -> Tree:
        """What the frozen part makes of a batch; only where that runs before the phase."""
        ...

    def eval_tail_step(self, state: Tree, batch: Mapping[str, Any], mask: Any) -> Tree:
        """`eval_step` on what the frozen part gave."""
        ...

    def eval_tail_steps(self, state: Tree, data: Mapping[str, Any], rows: Any, mask: Any) -> Tree:
        """`eval_steps` on what the frozen part gave."""
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

    def stack_weights(self, params: Tree) -> Tree:
        """What is learned as the state has it; only where it has several weights in one array."""
        ...

    def unstack_weights(self, params: Tree) -> Tree:
        """What is learned by path; only where the state has several weights in one array."""
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
    for name in OF_A_PHASE:
        if hasattr(executable, f"{name}_{phase}"):
            setattr(found, name, getattr(executable, f"{name}_{phase}"))
    return cast("Updates", found)


def load_python(
    text: str, name: str, externs: Mapping[str, Mapping[str, Callable[..., Any]]] = _NOTHING
) -> Executable:
    """Run a generated file and give its functions.

    Args:
        text: The whole file.
        name: What tracebacks call it; its lines are shown there.
        externs: The functions that it may import, by the module that they are in.

    Raises:
        SpecError: It does what no generated file does; nothing of it has run.
    """
    native.begin(text)
    reason = forbidden_part(text, {name: frozenset(own) for name, own in externs.items()})
    if reason is not None:
        raise SpecError((ForeignCode(span=None, path=name, reason=reason),))
    module = ModuleType(MODULE)
    module.__file__ = name
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    if externs:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _importing(externs)}
    exec(compile(text, name, "exec"), module.__dict__)
    native.prepare(module)
    return cast("Executable", module)


def _importing(externs: Mapping[str, Mapping[str, Callable[..., Any]]]) -> Callable[..., Any]:
    """Python's import, which finds these modules, and no file, under their names."""

    def find(name: str, *args: Any, **more: Any) -> Any:
        if name in externs:
            return SimpleNamespace(**externs[name])
        return builtins.__import__(name, *args, **more)

    return find
