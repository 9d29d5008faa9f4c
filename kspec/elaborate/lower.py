"""Write one application of a vocabulary name in IR ops, its weights included."""

from __future__ import annotations

from kspec.activations.base import Activation
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    NeedsFixedSize,
    NotAValue,
    ShapeMisfit,
    WrongOperandCount,
    WrongShape,
)
from kspec.elaborate import origins
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import WeightTable
from kspec.elaborate.values import Meaning, Tensor, describe
from kspec.ir import TensorType, Value
from kspec.layers.base import Dims, Layer, match_shape, resolve_shape
from kspec.losses.base import Loss
from kspec.ops.base import Operation
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
        self._count(op, sides, span, op.operands)
        first = tuple(side.value for side in sides[: op.promotes] if isinstance(side, Tensor))
        if len(first) != op.promotes:
            wanted = "a tensor first"
            self.reporter.fail(NotAValue(span=span, what=describe(sides[0]), wanted=wanted))
        rest = self.arithmetic.promote(op.name, sides[op.promotes :], span)
        return op.lower(self.builder, *first, *rest)

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
                        advice=origins.missing_axis(pattern, type),
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
            weight = self.weights.get(
                f"{path}.{name}", type, spec.initializer.call(), spec.trainable
            )
            if weight is None:
                there = self.weights.weights[f"{path}.{name}"].value.type
                reason = (
                    f"`{path}.{name}` is {there} from an earlier call, and {type} for this one\n"
                    "shared weights fit tensors of one shape; without `share` each has its own"
                )
                labels = self.origins(operands, span)
                self.reporter.fail(
                    ShapeMisfit(span=span, layer=layer.name, reason=reason, labels=labels)
                )
            values[name] = weight
        return values

    def origins(self, operands: tuple[Tensor, ...], span: Span) -> tuple[Label, ...]:
        """Where the operands got their shapes, as second labels."""
        return origins.labels(self.builder, operands, span)
