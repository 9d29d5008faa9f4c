"""Apply layers and blocks to tensors: instances, weights, and ops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from kspec.activations.base import Activation
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    NeedsFixedSize,
    ShapeMisfit,
    UnknownName,
    WrongOperandCount,
    WrongShape,
    WrongType,
)
from kspec.elaborate.arguments import Arguments
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import Place, WeightTable
from kspec.elaborate.values import (
    BlockValue,
    Chain,
    Given,
    Invocation,
    Meaning,
    Ref,
    Shared,
    Tensor,
    describe,
)
from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import Dims, Layer, match_shape, resolve_shape
from kspec.losses.base import Loss
from kspec.registry import Definition, lookup, names

if TYPE_CHECKING:
    from kspec.elaborate.expressions import Env

# Writes a block's body for given operands at a place, and returns its output.
Inline = Callable[[BlockValue, tuple[Tensor, ...], Place, Span, "str | None"], Tensor]


class Applier:
    """Turns `operands -> layer` into ops."""

    def __init__(
        self,
        reporter: Reporter,
        builder: Builder,
        arguments: Arguments,
        weights: WeightTable,
        inline: Inline,
    ) -> None:
        self.reporter = reporter
        self.builder = builder
        self.arguments = arguments
        self.weights = weights
        self.inline = inline

    def names(self, env: Env) -> Iterable[str]:
        """All that a call on tensors may name here."""
        return [name for kind in env.kinds for name in names(kind)]

    def knows(self, name: str, env: Env) -> bool:
        """Whether a call on tensors may name it here."""
        return any(lookup(kind, name) for kind in env.kinds)

    def operand_count(self, name: str, env: Env) -> int:
        """How many tensors a name of the vocabulary works on, if that is fixed; else 0."""
        cls = next((cls for kind in env.kinds if (cls := lookup(kind, name))), None)
        if cls is None:
            return 0
        if issubclass(cls, Layer):
            return 0 if cls.variadic else len(cls.patterns()[0])
        return 2 if issubclass(cls, Loss) else 1

    def apply(self, target: Meaning, operands: tuple[Tensor, ...], span: Span, env: Env) -> Tensor:
        """Apply a layer, block, chain or shared one. Raises Failed after reporting."""
        match target:
            case Ref() | Invocation():
                return self._vocabulary(target, operands, span, env, None)
            case BlockValue():
                place = env.place.inside(env.place.join(env.place.fresh(snake(target.decl.name))))
                return self.inline(target, operands, place, span, env.hint)
            case Chain():
                return self._chain(target, operands, env)
            case Shared():
                return self._shared(target, operands, span, env)
            case _:
                self.reporter.fail(
                    WrongType(span=span, name="the call", wanted="a layer", got=describe(target))
                )

    def _chain(self, chain: Chain, operands: tuple[Tensor, ...], env: Env) -> Tensor:
        *first, last = chain.parts
        for part in first:
            operands = (self.apply(part, operands, _span_of(part, chain.span), env.inner()),)
        return self.apply(last, operands, _span_of(last, chain.span), env)

    def _shared(self, shared: Shared, operands: tuple[Tensor, ...], span: Span, env: Env) -> Tensor:
        from dataclasses import replace

        place = Place(shared.path)
        hint = env.hint or shared.name
        match shared.template:
            case Ref() | Invocation():
                here = replace(env, hint=hint)
                return self._vocabulary(shared.template, operands, span, here, shared.path)
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
    ) -> Tensor:
        """Apply a name of the vocabulary; its weights go to `path`, or to a fresh one."""
        kind = next((kind for kind in env.kinds if lookup(kind, target.name)), None)
        if kind is None:
            name_span = target.span if isinstance(target, Ref) else target.name_span
            known = [*self.names(env), *env.scope.visible()]
            self.reporter.fail(UnknownName.of(name_span, env.kinds[0], target.name, known))
        args = () if isinstance(target, Ref) else target.args
        if kind == "layer":
            args, name = self._own_name(args)
            path = path or env.place.join(env.place.fresh(name or target.name))
        definition = self.arguments.bind(
            cast("type[Definition]", lookup(kind, target.name)), args, target.span
        )
        hint = env.hint or (path or target.name).rsplit(".", 1)[-1]
        with self.builder.at(target.span, hint):
            try:
                return Tensor(self._lower(definition, operands, target.span, path or ""), span)
            except TypeRuleError as error:
                self.reporter.fail(
                    ShapeMisfit(
                        span=target.span,
                        layer=target.name,
                        reason=str(error),
                        labels=_origins(operands, target.span),
                    )
                )

    def _own_name(self, args: tuple[Given, ...]) -> tuple[tuple[Given, ...], str | None]:
        """Take `name="block1_conv1"` out of a layer's arguments."""
        rest = tuple(given for given in args if given.name != "name")
        for given in args:
            if given.name != "name":
                continue
            if isinstance(given.value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", given.value):
                return rest, given.value
            self.reporter.fail(
                WrongType(
                    span=given.span,
                    name="name",
                    wanted="a string of letters, digits and `_`",
                    got=describe(given.value),
                )
            )
        return rest, None

    def _lower(
        self, definition: Definition, operands: tuple[Tensor, ...], span: Span, path: str
    ) -> Value:
        values = tuple(operand.value for operand in operands)
        if isinstance(definition, Layer):
            return self._layer(definition, operands, span, path)
        if isinstance(definition, Activation):
            self._count(definition, operands, span, 1)
            return definition.lower(self.builder, values[0])
        assert isinstance(definition, Loss)
        self._count(definition, operands, span, 2)
        return definition.lower(self.builder, values[0], values[1])

    def _count(
        self, callee: Definition, operands: tuple[Tensor, ...], span: Span, wanted: int
    ) -> None:
        if len(operands) != wanted:
            self.reporter.fail(
                WrongOperandCount(
                    span=span, layer=callee.name, wanted=str(wanted), got=len(operands)
                )
            )

    def _layer(self, layer: Layer, operands: tuple[Tensor, ...], span: Span, path: str) -> Value:
        types = tuple(operand.value.type for operand in operands)
        dims = self._match(layer, operands, types, span)
        reason = layer.misfit(*types)
        if reason is not None:
            self.reporter.fail(
                ShapeMisfit(
                    span=span, layer=layer.name, reason=reason, labels=_origins(operands, span)
                )
            )
        sizes = {n: v for n in layer.arg_types() if isinstance(v := getattr(layer, n), int)}
        dims = {**sizes, **dims}
        weights = self._weights(layer, {**dims, **layer.dims(dims)}, span, path, operands)
        result = layer.lower(self.builder, *(operand.value for operand in operands), **weights)
        return result

    def _match(
        self,
        layer: Layer,
        operands: tuple[Tensor, ...],
        types: tuple[TensorType, ...],
        span: Span,
    ) -> Dims:
        patterns, _ = layer.patterns()
        if layer.variadic:
            if len(operands) < 2:
                self.reporter.fail(
                    WrongOperandCount(
                        span=span, layer=layer.name, wanted="at least 2", got=len(operands)
                    )
                )
            patterns = patterns * len(operands)
        else:
            self._count(layer, operands, span, len(patterns))
        dims: Dims = {}
        for pattern, operand, type in zip(patterns, operands, types, strict=True):
            matched = match_shape(pattern, type.shape, {} if layer.variadic else dims)
            if matched is None:
                self.reporter.fail(
                    WrongShape(
                        span=span,
                        layer=layer.name,
                        wanted=pattern,
                        got=str(type),
                        labels=_origins((operand,), span),
                    )
                )
            dims = matched
        return dims

    def _weights(
        self, layer: Layer, dims: Dims, span: Span, path: str, operands: tuple[Tensor, ...]
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, spec in layer.weights(dims).items():
            shape = resolve_shape(spec.shape, dims) if isinstance(spec.shape, str) else spec.shape
            unknown = [axis for axis in shape if isinstance(axis, str)]
            if unknown:
                self.reporter.fail(
                    NeedsFixedSize(
                        span=span,
                        layer=layer.name,
                        dim=unknown[0],
                        labels=_origins(operands, span),
                    )
                )
            type = TensorType("f32", shape)
            weight = self.weights.get(
                f"{path}.{name}", type, spec.initializer.call(), spec.trainable
            )
            if weight is None:
                there = self.weights.weights[f"{path}.{name}"].value.type
                reason = f"`{path}.{name}` is {there} from another call, and {type} here"
                self.reporter.fail(ShapeMisfit(span=span, layer=layer.name, reason=reason))
            values[name] = weight
        return values


def _origins(operands: tuple[Tensor, ...], span: Span) -> tuple[Label, ...]:
    """Where the operands come from, as second labels."""
    return tuple(
        Label(operand.span, f"gives {operand.value.type}")
        for operand in operands
        if operand.span != span
    )


def _span_of(part: Meaning, default: Span) -> Span:
    return part.span if isinstance(part, (Ref, Invocation, BlockValue, Shared, Chain)) else default


def snake(name: str) -> str:
    """`DecoderLayer` as a path part: `decoder_layer`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
