"""`stop { ... }` and the like: sections of a train block, as definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from kspec.callbacks.base import Callback, Interval, Mode, Monitor
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    DuplicateName,
    MisplacedStatement,
    NoValidationSplit,
    SeveralNumbers,
    UnknownDirection,
    UnknownName,
)
from kspec.elaborate.data import Data
from kspec.elaborate.expressions import Env
from kspec.elaborate.metrics import Sums
from kspec.elaborate.models import Elaborator
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Place
from kspec.elaborate.values import Given, Meaning, Quantity
from kspec.ir import Func
from kspec.registry import lookup, names
from kspec.syntax import tree
from kspec.syntax.tree import Expr, Section

VALIDATION: Final = "validation"
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


class Callbacks:
    """Reads sections.

    Args:
        elaborator: The program being written.
        used: The loss and the metrics.
        results: The function that takes them from sums.
        data: What is trained on.
    """

    def __init__(
        self, elaborator: Elaborator, used: Iterable[Sums], results: Func, data: Data
    ) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.data = data
        self.used = {each.name: each for each in used}
        self.types = {name.removeprefix("metric."): value.type for name, value in results.returns}
        self.directions: Mapping[str, Mode | None] = {
            name: each.direction for name, each in self.used.items()
        }

    def read(self, sections: Iterable[Section], *, phase: bool) -> dict[str, Callback]:
        """The callbacks by name. Raises Failed after reporting all mistakes."""
        found: dict[str, Callback] = {}
        places: dict[str, Section] = {}
        failed = False
        for section in sections:
            try:
                if section.name in places:
                    first = places[section.name].name_span
                    duplicate = DuplicateName.of(section.name_span, "section", section.name, first)
                    self.reporter.fail(duplicate)
                places[section.name] = section
                found[section.name] = self._read(section, phase)
            except Failed:
                failed = True
        if failed:
            raise Failed
        return found

    def _read(self, section: Section, phase: bool) -> Callback:
        cls = lookup("callback", section.name)
        if cls is None:
            known = names("callback")
            self.reporter.fail(UnknownName.of(section.name_span, "section", section.name, known))
        assert issubclass(cls, Callback)
        if phase and not cls.in_phases:
            self.reporter.fail(
                MisplacedStatement(span=section.name_span, what=section.name, where="phase")
            )
        givens: list[Given] = []
        for setting in section.settings:
            value = self._value(setting.value, _watches(cls, setting.key))
            givens.append(Given(setting.key, setting.key_span, value, setting.value.span))
        made = self.elaborator.arguments.bind(cls, tuple(givens), section.name_span)
        assert isinstance(made, Callback)
        for arg in cls.args:  # `stop { }` watches `validation.loss`
            value = getattr(made, arg.name)
            if isinstance(value, Monitor):
                self._check_split(value.metric, section.name_span)
        return made

    def _value(self, expr: Expr, watched: bool) -> Meaning:
        monitor = self._monitor(expr, watched)
        if monitor is not None:
            return monitor
        env = Env(self.elaborator.file_scope, Place())
        value = self.elaborator.evaluator.evaluate(expr, env)
        if isinstance(value, Quantity) and value.unit in _SECONDS:
            return Interval(value.value * _SECONDS[value.unit], "s")
        if isinstance(value, Quantity) and value.unit in ("epochs", "steps"):
            return Interval(value.value, value.unit)
        return value

    def _monitor(self, expr: Expr, watched: bool) -> Monitor | None:
        """`min(validation.loss)`, `loss`; None for what is no such thing.

        Args:
            expr: What is written.
            watched: Whether a name can be nothing else here.
        """
        mode: Mode | None = None
        if isinstance(expr, tree.Call) and expr.func.id in ("min", "max") and len(expr.args) == 1:
            mode = "min" if expr.func.id == "min" else "max"
            expr = expr.args[0].value
        metric = _path(expr)
        if metric is None:
            return None
        split, _, name = metric.rpartition(".")
        if not (split or mode or watched) and name not in self.directions:
            return None  # some other name
        if name not in self.directions or split not in ("", VALIDATION):
            known = [*self.directions, *(f"{VALIDATION}.{each}" for each in self.directions)]
            self.reporter.fail(UnknownName.of(expr.span, "metric", metric, known))
        self._check_split(metric, expr.span)
        self._check_single(name, expr.span)
        mode = mode or self.directions[name]
        if mode is None:
            self.reporter.fail(UnknownDirection(span=expr.span, metric=metric))
        return Monitor(metric, mode)

    def _check_split(self, metric: str, span: Span) -> None:
        """What is watched must be there; arrays that Python gives may have it."""
        declaration = self.data.declaration
        given = declaration.source is not None and declaration.source.name == "arrays"
        there = VALIDATION in declaration.split or given
        if metric.startswith(f"{VALIDATION}.") and not there:
            self.reporter.fail(NoValidationSplit(span=span, metric=metric, data=self.data.name))

    def _check_single(self, name: str, span: Span) -> None:
        """Of several numbers, none is the best one."""
        shape = self.types[name].shape
        if shape:
            definition = self.used[name].definition
            merged = definition.merged if definition is not None else ""
            count = " x ".join(map(str, shape))
            self.reporter.fail(SeveralNumbers(span=span, metric=name, count=count, merged=merged))


def _watches(cls: type[Callback], setting: str) -> bool:
    """Whether a setting says what is watched."""
    hint = cls.arg_types().get(setting)
    return Monitor in (hint, *get_args(hint))


def _path(expr: Expr) -> str | None:
    """`validation.loss`, as text."""
    if isinstance(expr, tree.Name):
        return expr.id
    if isinstance(expr, tree.Attribute) and (head := _path(expr.value)) is not None:
        return f"{head}.{expr.name}"
    return None
