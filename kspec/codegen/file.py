"""What the parts of a generated file share: helpers, names, and how weights are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kspec.codegen import layout
from kspec.codegen.externs import Imported, imported
from kspec.codegen.functions import Body
from kspec.codegen.helpers import helper_names
from kspec.codegen.stacks import Stacks
from kspec.ir import KEY, Func, Module, Phase, Value

DEFINED: Final = (
    *("evaluate", "eval_step", "eval_steps", "init", "learn", "outputs", "predict", "prepare"),
    *("results", "stack_weights", "unstack_weights"),
)
OF_A_PHASE: Final = (
    *("constrain", "enter", "finalize", "optimizer", "split", "step"),
    *("train", "train_step", "train_steps", "trunk", "trunk_step"),
    *("evaluate_tail", "eval_tail_step", "eval_tail_steps"),
)


class File:
    """A file that is being written.

    Attributes:
        module: What it holds.
        phases: The phases of training; none for a model alone.
        helpers: The helpers that its parts call.
        learned: The weights with a gradient.
        fixed: The statistics.
        tables: The vocabularies that are learned.
        stacks: The weights that the state has as one array.
        weights: The expression of each weight in `params`, `stats` and `tables`.
        externs: The functions of Python files that it imports.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.phases: tuple[Phase, ...] = module.train.phases if module.train else ()
        self.helpers: set[str] = set()
        self.learned = tuple(w for w in module.weights if w.trainable)
        self.tables = tuple(w for w in module.weights if w.value.type.is_hosted)
        self.fixed = tuple(w for w in module.weights if not (w.trainable or w in self.tables))
        self.stacks = Stacks(module)
        self.weights = {
            **{w.value: layout.subscript("params", self.stacks.home(w.path)) for w in self.learned},
            **{w.value: layout.subscript("stats", w.path) for w in self.fixed},
            **{w.value: f'tables["{w.path}"]' for w in self.tables},
        }
        own = [phase.named(word) for phase in self.phases for word in OF_A_PHASE]
        self._defined = helper_names().union(DEFINED, own)
        self.externs: tuple[Imported, ...] = imported(module, self._defined)
        self._defined |= {each.name for each in self.externs}

    def helper(self, name: str) -> str:
        """Note a helper; `Emit` of the definitions."""
        self.helpers.add(name)
        return name

    def extern(self, path: str, function: str) -> str:
        """The name of a function of a Python file."""
        (found,) = (e for e in self.externs if (e.path, e.function) == (path, function))
        return found.name

    def body(
        self,
        func: Func,
        fixed: Mapping[Value, str],
        weights: Mapping[Value, str] | None = None,
    ) -> Body:
        """The writer of one function."""
        return Body(func, fixed, weights or self.weights, self._defined, self)


def inputs(func: Func) -> tuple[list[Value], dict[Value, str]]:
    """A function's fields, and those of its parameters that the signature binds."""
    fixed = {
        value: value.name
        for value in func.params
        if value.type.dtype == KEY or value.name == "mask"
    }
    return [value for value in func.params if value not in fixed], fixed


def unpack(body: Body, fields: list[Value]) -> list[str]:
    """The lines that take the fields out of `batch`.

    A field's value has a version where the model has a value of its name, too.
    """
    lines: list[str] = []
    for value in fields:
        expr = f'batch["{value.hint}"]'
        lines += layout.assign(body.names[value], expr, 1, str(value.type))
    return lines


def sums(body: Body, func: Func) -> dict[str, str]:
    """The sums by `metric.part`, as expressions."""
    return {
        name.removeprefix("sum."): body.expr(value)
        for name, value in func.returns
        if name.startswith("sum.")
    }
