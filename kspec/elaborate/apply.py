"""Apply layers and blocks to tensors: instances, weights, and ops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    DuplicateName,
    ShapeMisfit,
    UnknownName,
    WrongType,
)
from kspec.elaborate import externs, origins
from kspec.elaborate.arguments import Arguments
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.fit import check_form
from kspec.elaborate.lower import At, Lowering
from kspec.elaborate.operands import layer_or_op, split_operands, word_of
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import Place, WeightTable
from kspec.elaborate.signatures import spell
from kspec.elaborate.values import (
    LAYER_LIKE,
    BlockValue,
    Chain,
    Extern,
    Given,
    Invocation,
    Meaning,
    OwnName,
    Ref,
    Shared,
    Tensor,
    describe,
)
from kspec.ir import Part, TypeRuleError
from kspec.layers.base import Layer
from kspec.losses.base import Loss
from kspec.ops.base import Operation
from kspec.registry import Definition, lookup, names

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Env

# Writes a block's body for given operands at a place, and returns its output or outputs.
Result: TypeAlias = "Tensor | tuple[Tensor, ...]"
Inline = Callable[["BlockValue", "tuple[Tensor, ...]", Place, Span, "str | None"], Result]


class Applier:
    """Turns `operands -> layer` into ops."""

    def __init__(
        self,
        reporter: Reporter,
        arithmetic: Arithmetic,
        arguments: Arguments,
        weights: WeightTable,
        inline: Inline,
    ) -> None:
        self.reporter = reporter
        self.builder = arithmetic.builder
        self.arguments = arguments
        self.lowering = Lowering(reporter, arithmetic, weights)
        self.inline = inline
        self.compared: list[tuple[Definition, Tensor, Tensor, Span]] = []  # by losses

    def names(self, env: Env) -> Iterable[str]:
        """All that a call on tensors may name here."""
        return [name for kind in env.kinds for name in names(kind)]

    def meant(self, name: str, env: Env) -> type[Definition] | None:
        """What a call on tensors means by a name here; None for an unknown one."""
        return next((cls for kind in env.kinds if (cls := lookup(kind, name))), None)

    def op(self, name: str, env: Env) -> type[Operation] | None:
        """The op of that name, where expressions may call one."""
        cls = lookup("op", name) if "op" in env.kinds else None
        return cls if cls is not None and issubclass(cls, Operation) else None

    def operand_count(self, name: str, env: Env, given: int) -> int:
        """How many tensors a name of the vocabulary works on; as many as given if it takes any."""
        cls = self.meant(name, env)
        if cls is None:
            return 0
        if issubclass(cls, Layer):
            fixed = cls.counts or (len(cls.patterns()[0]),)
            return given if cls.variadic else min(fixed)
        if issubclass(cls, Operation):
            return given if cls.variadic else cls.operands
        return 2 if issubclass(cls, Loss) else 1

    def apply(self, target: Meaning, operands: tuple[Tensor, ...], span: Span, env: Env) -> Result:
        """Apply a layer, block, chain or shared one. Raises Failed after reporting."""
        self.reporter.spend(1, span)
        match target:
            case Ref() | Invocation():
                return self._vocabulary(target, operands, span, env, None)
            case BlockValue():
                own = target.own_name
                path = self._path(env, own.value if own else snake(target.decl.name), own)
                place = env.place.inside(path)
                return self.inline(target, operands, place, span, env.hint)
            case Extern():
                return self._extern(target, operands, span, env)
            case Chain():
                return self._chain(target, operands, env)
            case Shared():
                return self._shared(target, operands, span, env)
            case _:
                self.reporter.fail(
                    WrongType(span=span, name="the call", wanted="a layer", got=describe(target))
                )

    def called(self, meaning: Meaning, args: tuple[Given, ...], env: Env) -> Meaning:
        """A layer value that a call gives more arguments; None where it takes no such ones."""
        if not args:
            return meaning
        if isinstance(meaning, Shared) and isinstance(meaning.template, (Ref, Invocation)):
            cls = self.meant(meaning.template.name, env)
            if cls and issubclass(cls, Layer):
                open_ = (*cls.keywords, *cls.modes)
                return meaning.replace(args=args) if _all_named(args, open_) else None
        return None

    def _extern(self, extern: Extern, operands: tuple[Tensor, ...], span: Span, env: Env) -> Result:
        with self.builder.at(span, env.hint or word_of(*operands), env.hints):
            results = externs.call(extern, operands, span, self.builder, self.reporter)
        return results[0] if len(results) == 1 else results

    def _chain(self, chain: Chain, operands: tuple[Tensor, ...], env: Env) -> Result:
        *first, last = chain.parts
        for part in first:
            result = self.apply(part, operands, _span_of(part, chain.span), env.inner())
            operands = result if isinstance(result, tuple) else (result,)
        return self.apply(last, operands, _span_of(last, chain.span), env)

    def _shared(self, shared: Shared, operands: tuple[Tensor, ...], span: Span, env: Env) -> Result:
        if isinstance(shared.template, (BlockValue, Shared)):  # they mark the call themselves
            return self._write_shared(shared, operands, span, env)
        with self.reporter.frame(span, f"in this call of `{shared.name}`"):
            if not isinstance(shared.template, Chain):
                return self._write_shared(shared, operands, span, env)
            with self.builder.within(Part("block", span)):
                return self._write_shared(shared, operands, span, env)

    def _write_shared(
        self, shared: Shared, operands: tuple[Tensor, ...], span: Span, env: Env
    ) -> Result:
        place = Place(shared.path)
        hint = env.hint or shared.name
        match shared.template:
            case Ref() | Invocation():
                here = replace(env, hint=hint)
                target = _with_arguments(shared.template, shared.args)
                return self._vocabulary(target, operands, span, here, shared.path)
            case BlockValue():
                return self.inline(shared.template, operands, place, span, hint)
            case Shared():
                return self._shared(shared.template, operands, span, env)
            case _:
                return self.apply(
                    shared.template, operands, span, replace(env, place=place, hint=hint)
                )

    def _vocabulary(
        self,
        target: Ref | Invocation,
        operands: tuple[Tensor, ...],
        span: Span,
        env: Env,
        path: str | None,
    ) -> Result:
        """Apply a name of the vocabulary; its weights go to `path`, or to a fresh one."""
        cls = self.meant(target.name, env)
        if cls is None:
            name_span = target.span if isinstance(target, Ref) else target.name_span
            known = [*self.names(env), *env.scope.visible()]
            self.reporter.fail(UnknownName.of(name_span, env.kinds[0], target.name, known))
        args = () if isinstance(target, Ref) else target.args
        named: dict[str, tuple[Tensor, ...]] = {}
        cls = layer_or_op(cls, operands, args)
        word: str | None = None
        if issubclass(cls, Layer):
            args, own = self.own_name(args)
            args, named = _named_tensors(args, cls.keywords)
            path = path or self._path(env, own.value if own else target.name, own)
            word = None if cls.numbered else (own.value if own else target.name)
        sides: tuple[Meaning, ...] = operands
        if issubclass(cls, Operation):
            sides, args = split_operands(cls, operands, args)
        definition = self.arguments.bind(cls, args, target.span)
        if issubclass(cls, Loss) and len(operands) == 2:
            truth, guess = operands
            check_form(cls, (truth, guess), target.span, self.builder, self.reporter)
            self.compared.append((definition, truth, guess, target.span))
        hint = env.hint or word or (path or target.name).rsplit(".", 1)[-1]
        part = Part("layer", target.span, partial(spell, definition))
        with self.builder.at(target.span, hint, env.hints), self.builder.within(part):
            try:
                place = At(target.span, path or "")
                results = self.lowering.lower(definition, sides, named, place)
            except TypeRuleError as error:
                self.reporter.fail(
                    ShapeMisfit(
                        span=target.span,
                        layer=target.name,
                        reason=self._reason(error, cls, operands),
                        labels=self.lowering.origins(operands, target.span),
                    )
                )
        tensors = tuple(Tensor(each.value, span, each.mask) for each in results)
        return tensors[0] if len(tensors) == 1 else tensors

    def _reason(
        self, error: TypeRuleError, cls: type[Definition], operands: tuple[Tensor, ...]
    ) -> str:
        """What a rule says; where tensors are merged, how they keep their shapes."""
        reason = str(error)
        merges = issubclass(cls, Operation) or (issubclass(cls, Layer) and cls.variadic)
        more = origins.advice(self.builder, operands) if merges and "\n" not in reason else ""
        return reason + more

    def _path(self, env: Env, name: str, own: OwnName | None) -> str:
        """A fresh path for weights; a name that the author gives stands for one layer."""
        if own is not None:
            first = env.place.given.setdefault(own.value, own.span)
            if first != own.span:
                self.reporter.fail(DuplicateName.of(own.span, "layer", own.value, first))
        return env.place.join(env.place.fresh(name))

    def own_name(self, args: tuple[Given, ...]) -> tuple[tuple[Given, ...], OwnName | None]:
        """Take `name="block1_conv1"` out of the arguments of a layer or block."""
        rest = tuple(given for given in args if given.name != "name")
        for given in args:
            if given.name != "name":
                continue
            if isinstance(given.value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", given.value):
                return rest, OwnName(given.value, given.span)
            self.reporter.fail(
                WrongType(
                    span=given.span,
                    name="name",
                    wanted="a string of letters, digits and `_`",
                    got=describe(given.value),
                )
            )
        return rest, None


def _named_tensors(
    args: tuple[Given, ...], keywords: tuple[str, ...]
) -> tuple[tuple[Given, ...], dict[str, tuple[Tensor, ...]]]:
    """Take the tensors that are given by name out of the arguments of a layer."""
    found: dict[str, tuple[Tensor, ...]] = {}
    rest: list[Given] = []
    for given in args:
        items = given.value if isinstance(given.value, (tuple, list)) else (given.value,)
        tensors = tuple(item for item in items if isinstance(item, Tensor))
        if given.name in keywords and tensors and len(tensors) == len(items):
            found[given.name] = tensors
        else:
            rest.append(given)
    return tuple(rest), found


def _all_named(args: tuple[Given, ...], names: tuple[str, ...]) -> bool:
    return all(given.name in names for given in args)


def _with_arguments(target: Ref | Invocation, args: tuple[Given, ...]) -> Ref | Invocation:
    """A layer with what one call of it says, which goes before what it says itself."""
    if not args:
        return target
    chosen = {given.name for given in args}
    own = () if isinstance(target, Ref) else target.args
    rest = tuple(given for given in own if given.name is None or given.name not in chosen)
    name_span = target.span if isinstance(target, Ref) else target.name_span
    return Invocation(target.name, name_span, (*rest, *args), target.span)


def _span_of(part: Meaning, default: Span) -> Span:
    return part.span if isinstance(part, LAYER_LIKE) else default


def snake(name: str) -> str:
    """`DecoderLayer` as a path part: `decoder_layer`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
