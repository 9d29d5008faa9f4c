"""Evaluate expressions: numbers now, tensors into the program, layers when applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Never

from kspec.diagnostics import Span
from kspec.diagnostics.errors import NotAValue, NotCallable, TensorUnusable, TooDeep, UnknownName
from kspec.elaborate.apply import Applier
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.indexing import index
from kspec.elaborate.operands import (
    brought,
    kind_of,
    leading_tensors,
    makes_tensor,
    unpacked,
    word_of,
)
from kspec.elaborate.records import entries
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.scope import Broken, Place, Scope
from kspec.elaborate.values import (
    LAYER_LIKE,
    MOST_ELEMENTS,
    BlockValue,
    Chain,
    Extern,
    Fields,
    Given,
    Invocation,
    Meaning,
    Quantity,
    Ref,
    Shared,
    Tensor,
    describe,
    elements,
)
from kspec.syntax import tree
from kspec.syntax.tree import Expr

# What a call may name in a loss or metric.
LOSS_KINDS = ("loss", "op", "activation")


@dataclass(frozen=True, slots=True)
class Env:
    """Where an expression stands.

    Attributes:
        scope: What names mean.
        place: Where new weights go.
        hint: The name that the statement gives to the result, if it does.
        hints: The names that it gives to several results.
        kinds: The kinds of vocabulary that a call on tensors may name.
    """

    scope: Scope
    place: Place
    hint: str | None = None
    kinds: tuple[str, ...] = ("layer", "activation", "op")
    hints: tuple[str, ...] = ()

    def inner(self) -> Env:
        """The same place for a part of the expression, which has no name of its own."""
        named = self.hint is not None or self.hints
        return replace(self, hint=None, hints=()) if named else self


class Evaluator:
    """Gives expressions their meaning."""

    def __init__(self, reporter: Reporter, arithmetic: Arithmetic, applier: Applier) -> None:
        self.reporter = reporter
        self.arithmetic = arithmetic
        self.applier = applier

    def evaluate(self, expr: Expr, env: Env) -> Meaning:
        """The meaning of an expression. Raises Failed after reporting a mistake."""
        match expr:
            case tree.Number():
                return Quantity(expr.value, expr.unit) if expr.unit else expr.value
            case tree.String() | tree.Literal():
                return expr.value
            case tree.Name():
                return self._name(expr, env)
            case tree.Call():
                return self._call(expr, env)
            case tree.Pipe():
                return self._pipe(expr, env)
            case tree.Unary() | tree.Binary():
                return self._operator(expr, env)
            case tree.Index():
                return self._index(expr, env)
            case tree.Attribute():
                self.reporter.fail(
                    NotAValue(span=expr.span, what=f"`{expr.span.text}`", wanted="a value")
                )
            case _:
                return self._collection(expr, env)

    def _operator(self, expr: tree.Unary | tree.Binary, env: Env) -> Meaning:
        operands = (expr.operand,) if isinstance(expr, tree.Unary) else (expr.left, expr.right)
        values = self._all(operands, env.inner())
        for value in values:
            if isinstance(value, Ref) and not self.applier.meant(value.name, env):
                self._unknown(value, env, "value")
        with self.arithmetic.builder.at(expr.span, env.hint or word_of(*values)):
            if isinstance(expr, tree.Unary):
                apply = self.arithmetic.invert if expr.op == "not" else self.arithmetic.negate
                return apply(values[0], expr.span)
            return self.arithmetic.binary(expr.op, values[0], values[1], expr.span)

    def _index(self, expr: tree.Index, env: Env) -> Meaning:
        value = self.tensor(expr.value, env.inner()).value
        builder = self.arithmetic.builder
        with builder.at(expr.span, env.hint or value.hint):
            result = index(
                value, expr, lambda e: self.evaluate(e, env.inner()), builder, self.reporter
            )
        return Tensor(result, expr.span)

    def _collection(self, expr: tree.Tuple | tree.List | tree.Record, env: Env) -> Meaning:
        if isinstance(expr, tree.Record):
            written = entries(expr, self.reporter)
            values = self._all(tuple(entry.value for entry in written), env.inner())
            keys = [entry.key for entry in written]
            return Fields(
                dict(zip(keys, values, strict=True)),
                {entry.key: entry.key_span for entry in written},
            )
        items = self._all(expr.items, env.inner())
        if elements(items, MOST_ELEMENTS) > MOST_ELEMENTS:
            self.reporter.fail(TooDeep(span=expr.span, what="elements", limit=MOST_ELEMENTS))
        return items if isinstance(expr, tree.List) else tuple(items)

    def tensor(self, expr: Expr, env: Env) -> Tensor:
        """The meaning of an expression that must be a tensor."""
        return self.as_tensor(self.evaluate(expr, env), expr, env)

    def as_tensor(self, value: Meaning, expr: Expr, env: Env) -> Tensor:
        """A meaning that must be a tensor; `expr` is where it stands."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Invocation) and (first := self._nothing(value, env)):
            self._unknown(first, env)
        if isinstance(value, (Invocation, Chain, BlockValue, Extern, Shared)):
            self.reporter.fail(TensorUnusable(span=expr.span, what=describe(value)))
        if isinstance(value, Ref):
            self._unknown(value, env)
        wanted = "a tensor"
        if isinstance(value, tuple) and any(isinstance(item, Tensor) for item in value):
            wanted = f"one tensor: write `{', '.join('abcdefgh'[: len(value)])} = ...`"
        self.reporter.fail(NotAValue(span=expr.span, what=describe(value), wanted=wanted))

    def _nothing(self, call: Invocation, env: Env) -> Ref | None:
        """What stands for a tensor in a call without any: a name that means nothing."""
        takes = self.applier.operand_count(call.name, env, len(call.args)) > 0
        first = call.args[0] if call.args and takes else None
        if first is None or first.name is not None:
            return None
        values = first.value if isinstance(first.value, (tuple, list)) else (first.value,)
        names = (value for value in values if isinstance(value, Ref))
        return next((name for name in names if not self.applier.meant(name.name, env)), None)

    def _unknown(self, name: Ref, env: Env, kind: str = "tensor") -> Never:
        kind = "field or output" if env.kinds is LOSS_KINDS else kind
        meanings = {known: env.scope.find(known) for known in env.scope.visible()}
        fit = (
            known
            for known, binding in meanings.items()
            if binding
            and (isinstance(binding.meaning, Tensor) or kind == "value")
            and not isinstance(binding.meaning, (BlockValue, Extern))
        )
        self.reporter.fail(UnknownName.of(name.span, kind, name.name, fit))

    def _all(self, exprs: tuple[Expr, ...], env: Env) -> list[Meaning]:
        """All of them, so that each mistake is found before giving up."""
        values: list[Meaning] = []
        failed = False
        for expr in exprs:
            try:
                values.append(self.evaluate(expr, env))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return values

    def _name(self, expr: tree.Name, env: Env) -> Meaning:
        binding = env.scope.find(expr.id)
        if binding is None:
            return Ref(expr.id, expr.span)
        if isinstance(binding.meaning, Broken):
            raise Failed
        if isinstance(binding.meaning, (Tensor, BlockValue, Extern)):
            return replace(binding.meaning, span=expr.span)
        return binding.meaning

    def _arguments(self, expr: tree.Call, env: Env) -> tuple[Given, ...]:
        if len(expr.args) > MOST_ELEMENTS:
            self.reporter.fail(TooDeep(span=expr.span, what="arguments", limit=MOST_ELEMENTS))
        values = self._all(tuple(argument.value for argument in expr.args), env.inner())
        return tuple(
            Given(argument.name, argument.name_span, value, argument.value.span)
            for argument, value in zip(expr.args, values, strict=True)
        )

    def _call(self, expr: tree.Call, env: Env) -> Meaning:
        args = unpacked(self._arguments(expr, env))
        self._known_operands(expr.func.id, args, env)
        operands = leading_tensors(args)
        rest = args[len(operands) :]
        callee = self._callee(expr.func, rest, expr.span, env)
        op = self.applier.op(callee.name, env) if isinstance(callee, Invocation) else None
        # `minimum(0.5, x)` applies the op, and `arange(5)`, which works on no tensor.
        tensors = any(isinstance(given.value, Tensor) for given in rest)
        made = op is not None and op.operands == 0 and makes_tensor(op, rest)
        if not operands and (op is None or not (tensors or made)):
            return callee
        return self.applier.apply(callee, operands, expr.span, env)

    def _known_operands(
        self, callee: str, args: tuple[Given, ...], env: Env, before: int = 0
    ) -> None:
        """Report a name that nothing binds where a tensor must stand: operands come first.

        Args:
            callee: The name that is called.
            args: What stands in the parentheses.
            env: Where the call stands.
            before: How many tensors an arrow brings.
        """
        tensors = [i for i, g in enumerate(args) if isinstance(g.value, Tensor) and g.name is None]
        most = len(args) + before
        needed = 0 if env.scope.find(callee) else self.applier.operand_count(callee, env, most)
        if not tensors and not before and env.kinds is not LOSS_KINDS:
            needed = 0  # a layer that gets its operands by an arrow
        for given in args[: max([0, needed - before, *tensors])]:
            if given.name is None and isinstance(given.value, Ref):
                self._unknown(given.value, env)

    def _callee(self, func: tree.Name, args: tuple[Given, ...], span: Span, env: Env) -> Meaning:
        binding = env.scope.find(func.id)
        if binding is None:
            return Invocation(func.id, func.span, args, span)
        meaning = binding.meaning
        if isinstance(meaning, Broken):
            raise Failed
        if isinstance(meaning, BlockValue) and not meaning.args:
            own = {parameter.name for parameter in meaning.decl.params}
            if "name" in own:
                return replace(meaning, args=args, span=span)
            args, name = self.applier.own_name(args)
            return replace(meaning, args=args, span=span, own_name=name)
        if isinstance(meaning, LAYER_LIKE) and (called := self.applier.called(meaning, args, env)):
            return called
        self.reporter.fail(NotCallable(span=func.span, name=func.id, what=kind_of(meaning)))

    def _pipe(self, expr: tree.Pipe, env: Env) -> Meaning:
        source = self.evaluate(expr.source, env.inner())
        operands = brought(source, expr.source.span)
        if isinstance(source, (tuple, list)) and any(isinstance(each, Tensor) for each in source):
            for each in source:
                if isinstance(each, Ref):
                    self._unknown(each, env)
        if operands is None and not isinstance(source, (*LAYER_LIKE, tuple)):
            self.reporter.fail(
                NotAValue(
                    span=expr.source.span, what=describe(source), wanted="a tensor or a layer"
                )
            )
        if isinstance(source, Ref) and not self.applier.meant(source.name, env):
            known = (*env.scope.visible(), *self.applier.names(env))
            self.reporter.fail(UnknownName.of(source.span, "tensor or layer", source.name, known))
        target = self._target(expr.target, operands, env)
        if isinstance(target, (Tensor, tuple)):
            return target
        if operands is None:
            parts = source.parts if isinstance(source, Chain) else (source,)
            return Chain((*parts, target), expr.span)
        return self.applier.apply(target, operands, expr.target.span, env)

    def _target(self, expr: Expr, operands: tuple[Tensor, ...] | None, env: Env) -> Meaning:
        """What stands right of an arrow: a layer, or a call that takes more tensors."""
        if isinstance(expr, tree.Call) and operands is not None:
            args = self._arguments(expr, env)
            self._known_operands(expr.func.id, args, env, len(operands))
            more = leading_tensors(args)
            if more:
                callee = self._callee(expr.func, args[len(more) :], expr.span, env)
                return self.applier.apply(callee, (*operands, *more), expr.span, env)
        target = self.evaluate(expr, env.inner())
        if not isinstance(target, LAYER_LIKE):
            what = "a tensor" if isinstance(target, Tensor) else describe(target)
            self.reporter.fail(NotCallable(span=expr.span, name=expr.span.text, what=what))
        return target
