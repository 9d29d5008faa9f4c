"""Write one application of a vocabulary name in IR ops, its weights included."""

from __future__ import annotations

from typing import Any

from kspec.activations.base import Activation
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    NeedsFixedSize,
    NotAValue,
    ShapeMisfit,
    WrongOperandCount,
    WrongShape,
)
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.operands import numbers
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import WeightTable
from kspec.elaborate.values import Meaning, Tensor, describe
from kspec.ir import TensorType, TypeRuleError, Value
from kspec.layers.base import Dims, Layer, match_shape, resolve_shape
from kspec.losses.base import Loss
from kspec.ops.base import Operation, apart
from kspec.ops.creation import Array
from kspec.registry import Definition


class Lowering:
    """Writes applications, checking operands first."""

    def __init__(self, reporter: Reporter, arithmetic: Arithmetic, weights: WeightTable) -> None:
        self.reporter = reporter
        self.arithmetic = arithmetic
        self.builder = arithmetic.builder
        self.weights = weights

    def lower(
        self, definition: Definition, sides: tuple[Meaning, ...], span: Span, path: str
    ) -> Value:
        """Write a layer, activation, op or loss.

        Args:
            definition: What is applied, its arguments checked.
            sides: What it is applied to: tensors; for ops numbers, too.
            span: Where.
            path: Where a layer's weights go.

        Raises:
            Failed: After reporting a mistake.
            TypeRuleError: The operands do not fit.
        """
        if isinstance(definition, Operation):
            return self._operation(definition, sides, span)
        operands = tuple(side for side in sides if isinstance(side, Tensor))
        values = tuple(operand.value for operand in operands)
        if isinstance(definition, Layer):
            return self._layer(definition, operands, span, path)
        if isinstance(definition, Activation):
            self._count(definition, operands, span, 1)
            return definition.lower(self.builder, values[0])
        assert isinstance(definition, Loss)
        self._count(definition, operands, span, 2)
        return definition.lower(self.builder, values[0], values[1])

    def _operation(self, op: Operation, sides: tuple[Meaning, ...], span: Span) -> Value:
        self._count(op, sides, span, len(sides) or 1 if op.variadic else op.operands)
        sides = tuple(self._listed(side, span) for side in sides)
        first = tuple(side.value for side in sides[: op.promotes] if isinstance(side, Tensor))
        if len(first) != op.promotes:
            wrong = next(side for side in sides if not isinstance(side, Tensor))
            wanted = "a tensor first" if op.promotes == 1 else "a tensor"
            self.reporter.fail(NotAValue(span=span, what=describe(wrong), wanted=wanted))
        rest = self.arithmetic.promote(op.name, sides[op.promotes :], span)
        operands = (*first, *rest)
        # On the class: an argument of the op may be called `lower`, too.
        return apart(operands, type(op).lower(op, self.builder, *operands))

    def _listed(self, side: Meaning, span: Span) -> Meaning:
        """A list of numbers as a tensor, anything else as it is."""
        if not isinstance(side, (tuple, list)):
            return side
        listed: Any = numbers(side)
        if listed is None:
            self.reporter.fail(NotAValue(span=span, what=describe(side), wanted="a tensor"))
        return Tensor(Array(x=listed).lower(self.builder), span)

    def _count(
        self, callee: Definition, operands: tuple[Meaning, ...], span: Span, wanted: int
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
                    span=span, layer=layer.name, reason=reason, labels=self.origins(operands, span)
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
                        labels=self.origins((operand,), span),
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
                        labels=self.origins(operands, span),
                    )
                )
            type = TensorType("f32", shape)
            reason = spec.initializer.misfit(type)
            if reason is not None:
                raise TypeRuleError(f"`{spec.initializer.name}` of its {name}: {reason}")
            weight = self.weights.get(
                f"{path}.{name}", type, spec.initializer.call(), spec.trainable
            )
            if weight is None:
                there = self.weights.weights[f"{path}.{name}"].value.type
                reason = f"`{path}.{name}` is {there} from another call, and {type} here"
                self.reporter.fail(ShapeMisfit(span=span, layer=layer.name, reason=reason))
            values[name] = weight
        return values

    def origins(self, operands: tuple[Tensor, ...], span: Span) -> tuple[Label, ...]:
        """Where the operands got their shapes, as second labels."""
        labels: list[Label] = []
        for operand in operands:
            place = self._origin(operand.value) or operand.span
            if place.start < span.end and span.start < place.end and place.source == span.source:
                place = operand.span
            if place != span:
                labels.append(Label(place, f"gives {operand.value.type}"))
        return tuple(dict.fromkeys(labels))

    def _origin(self, value: Value) -> Span | None:
        """The place that gave a value its shape: behind all that keeps shapes."""
        makers, type = self.builder.makers, value.type
        while (maker := makers.get(value)) is not None:
            same = [arg for arg in maker.args if arg.type.shape == type.shape]
            if len(same) != 1:
                return maker.span
            value = same[0]
        return self.builder.places.get(value)
