"""The statements of a model's or block's body, written into the program one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, cast

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    DuplicateName,
    InvalidNumber,
    NeedsFixedSize,
    ShapeMisfit,
    TensorUnusable,
    WrongNumberOfResults,
    WrongType,
)
from kspec.diagnostics.lints import DeadBranch
from kspec.elaborate.arguments import Arguments
from kspec.elaborate.expressions import Env, Evaluator
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.scope import BROKEN, Place, Scope, WeightTable
from kspec.elaborate.types import Types
from kspec.elaborate.values import LAYER_LIKE, Shared, Tensor, describe
from kspec.initializers.base import Initializer
from kspec.ir import Call, Part
from kspec.registry import make
from kspec.syntax import tree
from kspec.syntax.tree import Expr

# A word that is none of the language's own: a name.
_NAMED: Final = re.compile(r"\b(?!true\b|false\b|none\b|and\b|or\b|not\b)[A-Za-z_]")


@dataclass
class Here:
    """Where statements stand.

    Attributes:
        scope: What names mean.
        place: Where new weights go.
        hint: In a block, the name that the caller gives to the output.
        outputs: The outputs so far.
    """

    scope: Scope
    place: Place
    hint: str | None = None
    outputs: dict[str, Tensor] = field(default_factory=dict[str, Tensor])

    def env(self, hint: str | None = None) -> Env:
        """Where an expression of such a statement stands."""
        return Env(self.scope, self.place, hint)


class Body:
    """Writes statements."""

    def __init__(
        self,
        reporter: Reporter,
        evaluator: Evaluator,
        types: Types,
        arguments: Arguments,
        weights: WeightTable,
    ) -> None:
        self.reporter = reporter
        self.evaluator = evaluator
        self.types = types
        self.arguments = arguments
        self.weights = weights

    def write(self, statements: Iterable[tree.Statement], here: Here) -> None:
        """Write statements. Raises Failed at the end if one of them had a mistake."""
        failed = False
        for statement in statements:
            try:
                self.reporter.spend(1, statement.span)
                self._statement(statement, here)
            except Failed:
                failed = True
                for name, span in _bound(statement):
                    here.scope.assign(name, BROKEN, span)
        if failed:
            raise Failed

    def _statement(self, statement: tree.Statement, here: Here) -> None:
        match statement:
            case tree.Input():
                pass
            case tree.Share():
                self._share(statement, here)
            case tree.Assign():
                self._assign(statement, here)
            case tree.Unpack():
                self._unpack(statement, here)
            case tree.Output():
                self._output(statement, here)
            case tree.Weight():
                self._weight(statement, here)
            case tree.Repeat():
                self._repeat(statement, here)
            case tree.When():
                chosen = statement.then if self._condition(statement, here) else statement.otherwise
                self.write(chosen, here)

    def _share(self, statement: tree.Share, here: Here) -> None:
        self.unique(statement.name, statement.name_span, here.scope)
        template = self.evaluator.evaluate(statement.value, here.env())
        if not isinstance(template, LAYER_LIKE):
            self.reporter.fail(TensorUnusable(span=statement.value.span, what=describe(template)))
        path = here.place.join(here.place.fresh(statement.name))
        shared = Shared(statement.name, path, template, statement.value.span)
        here.scope.bind(statement.name, shared, statement.name_span, "shared layer")

    def _assign(self, statement: tree.Assign, here: Here) -> None:
        env = here.env(statement.name)
        value = self.evaluator.evaluate(statement.value, env)
        if statement.type is not None:
            tensor = self.evaluator.as_tensor(value, statement.value, env)
            self.types.note(statement.name, statement.type, tensor.value.type, here.scope)
        here.scope.assign(statement.name, value, statement.name_span)

    def _unpack(self, statement: tree.Unpack, here: Here) -> None:
        """`y, h, c = x -> lstm(8, return_state=true)`."""
        env = replace(here.env(statement.names[0]), hints=statement.names)
        value = self.evaluator.evaluate(statement.value, env)
        items = value if isinstance(value, (tuple, list)) else (value,)
        if len(items) != len(statement.names):
            self.reporter.fail(
                WrongNumberOfResults(
                    span=statement.value.span,
                    names=", ".join(statement.names),
                    wanted=len(statement.names),
                    got=describe(value),
                )
            )
        for name, span, item in zip(statement.names, statement.spans, items, strict=True):
            here.scope.assign(name, item, span)

    def _output(self, statement: tree.Output, here: Here) -> None:
        """In a block the only output takes the caller's name."""
        name = statement.name or "output"
        scope, outputs = here.scope, here.outputs
        if name in outputs:
            first = scope.names[name].span if name in scope.names else outputs[name].span
            again = statement.name_span or statement.span
            self.reporter.fail(DuplicateName.of(again, "output", name, first))
        tensor = self.evaluator.tensor(statement.value, here.env(here.hint or statement.name))
        if statement.type is not None:
            self.types.note(name, statement.type, tensor.value.type, scope)
        outputs[name] = tensor
        if statement.name is not None and statement.name_span is not None:
            scope.bind(statement.name, tensor, statement.name_span)

    def _weight(self, statement: tree.Weight, here: Here) -> None:
        """`weight a : f32[D, rank] = he_uniform`; glorot_uniform by default, as in Keras."""
        self.unique(statement.name, statement.name_span, here.scope)
        type = self.types.plain(statement.type, here.scope)
        for axis in type.shape:
            if isinstance(axis, str):
                self.reporter.fail(
                    NeedsFixedSize(span=statement.type.span, layer=statement.name, dim=axis)
                )
        if type.dtype != "f32":
            self.reporter.fail(
                WrongType(
                    span=statement.type.name_span,
                    name=f"the weight {statement.name}",
                    wanted="f32",
                    got=f"`{statement.type.name}`",
                )
            )
        init = self._initializer(statement.init, here)
        reason = init.misfit(type)
        if reason is not None:
            place = (statement.init or statement.type).span
            self.reporter.fail(ShapeMisfit(span=place, layer=init.name, reason=reason))
        path = here.place.join(here.place.fresh(statement.name))
        weight = self.weights.get(path, type, init.call(), trainable=True)
        if weight is None:
            there = self.weights.weights[path].value.type
            self.reporter.fail(
                WrongType(
                    span=statement.type.span,
                    name=f"the shared weight {path}",
                    wanted=str(there),
                    got=str(type),
                )
            )
        self.evaluator.arithmetic.builder.places[weight] = statement.span
        tensor = Tensor(weight, statement.name_span)
        here.scope.bind(statement.name, tensor, statement.name_span, "weight")

    def _initializer(self, expr: Expr | None, here: Here) -> Initializer:
        if expr is None:
            return cast("Initializer", make("initializer", Call("glorot_uniform")))
        value = self.evaluator.evaluate(expr, here.env())
        made = self.arguments.make("initializer", value, expr.span)
        assert isinstance(made, Initializer)
        return made

    def _repeat(self, statement: tree.Repeat, here: Here) -> None:
        start = 0 if statement.start is None else self._integer(statement.start, here)
        stop = self._integer(statement.stop, here)
        if stop < start:
            reason = f"the rounds end before they begin: {start}..{stop}"
            if statement.start is None:
                reason = "a number of rounds cannot be negative"
            self.reporter.fail(InvalidNumber(span=statement.stop.span, reason=reason))
        self.reporter.spend((stop - start) * max(1, len(statement.body)), statement.head)
        with self.evaluator.arithmetic.builder.within(Part("repeat", statement.head)):
            self._rounds(statement, range(start, stop), here)

    def _rounds(self, statement: tree.Repeat, numbers: range, here: Here) -> None:
        for number in numbers:
            scope = Scope(here.scope, is_round=True)
            if statement.index is not None and statement.index_span is not None:
                scope.bind(statement.index, number, statement.index_span, "name")
            text = f"in round {number - numbers.start + 1} of {len(numbers)}"
            with self.reporter.frame(statement.head, text):
                self.write(statement.body, Here(scope, here.place, here.hint, here.outputs))

    def _integer(self, expr: Expr, here: Here) -> int:
        value = self.evaluator.evaluate(expr, here.env())
        if not isinstance(value, int) or isinstance(value, bool):
            self.reporter.fail(
                WrongType(
                    span=expr.span,
                    name="a number of rounds",
                    wanted="an integer",
                    got=describe(value),
                )
            )
        return value

    def _condition(self, statement: tree.When, here: Here) -> bool:
        value = self.evaluator.evaluate(statement.condition, here.env())
        if not _NAMED.search(statement.condition.span.text):
            shown = describe(value)
            self.reporter.report(DeadBranch(span=statement.condition.span, value=shown))
        if not isinstance(value, bool):
            self.reporter.fail(
                WrongType(
                    span=statement.condition.span,
                    name="a condition",
                    wanted="true or false while compiling",
                    got=describe(value),
                )
            )
        return value

    def unique(self, name: str, span: Span, scope: Scope) -> None:
        """Report a name that this scope has already. Raises Failed."""
        earlier = scope.names.get(name)
        if earlier is not None:
            self.reporter.fail(DuplicateName.of(span, "name", name, earlier.span))


def _bound(statement: tree.Statement) -> Iterator[tuple[str, Span]]:
    """The names that a statement would have bound, with their places."""
    match statement:
        case tree.Repeat():
            for inner in statement.body:
                yield from _bound(inner)
        case tree.When():
            for inner in (*statement.then, *statement.otherwise):
                yield from _bound(inner)
        case tree.Unpack():
            yield from zip(statement.names, statement.spans, strict=True)
        case _:
            if statement.name is not None and statement.name_span is not None:
                yield statement.name, statement.name_span
