"""The phases of training: which weights learn, with which optimizer, for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from kspec.callbacks.base import Callback
from kspec.diagnostics import Span
from kspec.diagnostics.errors import DuplicateName, NothingToLearn, WrongType
from kspec.diagnostics.lints import NoEffect
from kspec.diagnostics.record import Node
from kspec.elaborate.callbacks import Callbacks
from kspec.elaborate.expressions import Env
from kspec.elaborate.models import Elaborator
from kspec.elaborate.optimizers import check_loss_scales, check_selectors
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Place
from kspec.elaborate.selectors import select
from kspec.elaborate.settings import Settings
from kspec.elaborate.useless import Uses
from kspec.elaborate.values import Meaning
from kspec.ir import Call, Phase
from kspec.syntax import tree
from kspec.syntax.tree import Expr, PhaseItem

SETTINGS = ("epochs", "optimizer")
I = TypeVar("I")  # noqa: E741


class _Part(Node):
    """The optimizer of some weights, and where it is written."""

    optimizer: Call
    paths: tuple[str, ...]
    span: Span


class _Groups:
    """The optimizers of parts, by the text of their paths; the last that means a weight wins."""

    def __init__(self) -> None:
        self.by_selector: dict[str, _Part] = {}

    def of(
        self, trainable: Iterable[str], frozen: Collection[str]
    ) -> tuple[tuple[Call, tuple[str, ...]], ...]:
        """Each with those weights of its own that learn; none of them while all are frozen."""
        left = set(trainable)
        found: list[tuple[Call, tuple[str, ...]]] = []
        for part in reversed(self.by_selector.values()):
            own = tuple(path for path in part.paths if path in left)
            left -= set(own)
            if own:
                found.append((part.optimizer, tuple(p for p in own if p not in frozen)))
        return tuple(reversed(found))


class Phases:
    """Reads phases.

    Args:
        elaborator: The program, its weights all there.
        callbacks: Reads sections.
        optimizer: The train block's optimizer.
        epochs: The train block's epochs.
        place: The train block's keyword.
    """

    def __init__(
        self,
        elaborator: Elaborator,
        callbacks: Callbacks,
        optimizer: Call,
        epochs: int,
        place: Span,
    ) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.callbacks = callbacks
        self.optimizer = optimizer
        self.epochs = epochs
        self.place = place
        self.weights = elaborator.weights.weights
        self.frozen: set[str] = set()
        self.groups = _Groups()
        self.common: dict[str, Callback] = {}
        self.uses = Uses(self.reporter)
        self.places: dict[str, Span] = {}  # of the sections that hold now

    def read(self, decl: tree.TrainDecl) -> tuple[Phase, ...]:
        """All phases, one at least. Raises Failed after reporting all mistakes."""
        found = self._all(decl)
        self.uses.look()
        return found

    def _all(self, decl: tree.TrainDecl) -> tuple[Phase, ...]:
        phases = of_kind(decl.items, tree.Phase)
        plain = [item for item in decl.items if not isinstance(item, (tree.Phase, tree.Load))]
        sections = of_kind(plain, tree.Section)
        settings = of_kind(plain, tree.Setting)
        parts = (
            lambda: self._check(each.value for each in settings if each.key == "optimizer"),
            lambda: self._freeze(plain),
            lambda: self._group(plain),
            lambda: self.common.update(self._sections(sections, phase=False)),
        )
        failed = False
        for part in parts:
            try:
                part()
            except Failed:
                failed = True
        if failed:
            raise Failed
        if not phases:
            return (self._phase("", self.place, self.epochs, self.optimizer, False, {}),)
        found: list[Phase] = []
        places: dict[str, Span] = {}
        for number, phase in enumerate(phases):
            try:
                first = places.setdefault(phase.name, phase.name_span)
                if first != phase.name_span:
                    self.reporter.fail(
                        DuplicateName.of(phase.name_span, "phase", phase.name, first)
                    )
                found.append(self._read(phase, number))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return tuple(found)

    def _read(self, phase: tree.Phase, number: int) -> Phase:
        # Each phase has a function of its own, which is as long as the model.
        self.reporter.spend(1 + len(self.elaborator.builder.ops) // 10, phase.name_span)
        settings = Settings(
            self.reporter, f"phase {phase.name}", phase.name_span, phase.settings, SETTINGS
        )
        meanings = {key: self._evaluate(setting.value) for key, setting in settings.by_key.items()}
        epochs = settings.integer("epochs", meanings, self.epochs, 1)
        anew = "optimizer" in meanings
        if anew:
            expr = settings.require("optimizer").value
            self.optimizer = self._optimizer(expr, meanings["optimizer"])
        self._freeze(phase.items)
        anew = self._group(phase.items) or anew
        before = dict(self.places)
        own = self._sections(of_kind(phase.items, tree.Section), phase=True)
        carries = number > 0 and not anew
        made = self._phase(phase.name, phase.name_span, epochs, self.optimizer, carries, own)
        self.places = before
        return made

    def _sections(self, sections: list[tree.Section], *, phase: bool) -> dict[str, Callback]:
        found = self.callbacks.read(sections, phase=phase)
        self.places |= {section.name: section.name_span for section in sections}
        return found

    def _evaluate(self, expr: Expr) -> Meaning:
        env = Env(self.elaborator.file_scope, Place())
        return self.elaborator.evaluator.evaluate(expr, env)

    def _optimizer(self, expr: Expr, value: Meaning, paths: tuple[str, ...] | None = None) -> Call:
        """An optimizer, whose arguments may name some of its weights; of all by default."""
        made = self.elaborator.arguments.make("optimizer", value, expr.span)
        self._check([expr], paths)
        return made.call()

    def _check(self, optimizers: Iterable[Expr], paths: tuple[str, ...] | None = None) -> None:
        if paths is None:
            paths = tuple(path for path, weight in self.weights.items() if weight.trainable)
        for expr in optimizers:
            check_selectors(expr, self.elaborator.arguments.choices, paths, self.reporter)

    def _phase(
        self,
        name: str,
        place: Span,
        epochs: int,
        optimizer: Call,
        carries: bool,
        own: dict[str, Callback],
    ) -> Phase:
        trainable = [path for path, weight in self.weights.items() if weight.trainable]
        if trainable and self.frozen.issuperset(trainable):
            self.reporter.fail(NothingToLearn(span=place))
        parts = [(part.optimizer, part.span) for part in self.groups.by_selector.values()]
        optimizers = (optimizer, *(each for each, _ in parts))
        self.uses.add(self.common | own, self.places, epochs, optimizers)
        check_loss_scales(optimizer, parts, self.reporter)
        return Phase(
            name=name,
            epochs=epochs,
            optimizer=optimizer,
            groups=self.groups.of(trainable, self.frozen),
            frozen=tuple(path for path in self.weights if path in self.frozen),
            carries=carries,
            callbacks=tuple(each.call() for each in (self.common | own).values()),
        )

    def _freeze(self, items: Iterable[PhaseItem]) -> None:
        """Freeze and unfreeze, in the order of the text."""
        for item in of_kind(items, tree.Freeze):
            paths = set(select(item.selector, self.weights, self.reporter))
            changed = paths - self.frozen if item.frozen else paths & self.frozen
            if not changed:
                what = "freeze" if item.frozen else "unfreeze"
                reason = f"all of it is {'frozen' if item.frozen else 'learning'} already"
                self.reporter.report(NoEffect(span=item.span, what=what, reason=reason))
            self.frozen = self.frozen | paths if item.frozen else self.frozen - paths

    def _group(self, items: Iterable[PhaseItem]) -> bool:
        """Take the optimizers of parts; whether there are any."""
        groups = of_kind(items, tree.Group)
        for item in groups:
            if item.key != "optimizer":
                self.reporter.fail(
                    WrongType(
                        span=item.key_span,
                        name="the setting of a part",
                        wanted="`optimizer`",
                        got=f"`{item.key}`",
                    )
                )
            paths = select(item.selector, self.weights, self.reporter)
            call = self._optimizer(item.value, self._evaluate(item.value), paths)
            key = ".".join(item.selector.parts)
            self.groups.by_selector.pop(key, None)
            self.groups.by_selector[key] = _Part(call, paths, item.value.span)
        return bool(groups)


def read_loads(decl: tree.TrainDecl, elaborator: Elaborator) -> tuple[tuple[str, str], ...]:
    """The files that weights are read from, each with the path of those weights."""
    found: list[tuple[str, str]] = []
    for item in of_kind(decl.items, tree.Load):
        parts = item.selector.parts
        if parts != ("**",) and any("*" in part for part in parts):
            elaborator.reporter.fail(
                WrongType(
                    span=item.selector.span,
                    name="the part that a file is loaded into",
                    wanted="one path, or `**` for all",
                    got=f"`{item.selector.span.text}`",
                )
            )
        select(item.selector, elaborator.weights.weights, elaborator.reporter)
        found.append(("" if parts == ("**",) else ".".join(parts), item.path))
    return tuple(found)


def load_places(decl: tree.TrainDecl) -> dict[str, Span]:
    """Where the files that weights are read from are named: as `load FILE`."""
    return {f"load {item.path}": item.path_span for item in of_kind(decl.items, tree.Load)}


def of_kind(items: Iterable[object], kind: type[I]) -> list[I]:
    """The items of a kind, in their order."""
    return [item for item in items if isinstance(item, kind)]
