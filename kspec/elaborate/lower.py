"""Write one application of a vocabulary name in IR ops, its weights included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeAlias

from kspec.activations.base import Activation
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    NeedsFixedSize,
    NotAValue,
    ShapeMisfit,
    WrongOperandCount,
    WrongShape,
)
from kspec.diagnostics.lints import MaskDropped
from kspec.elaborate import origins
from kspec.elaborate.arithmetic import Arithmetic, merged_mask
from kspec.elaborate.hosted import changing, padded
from kspec.elaborate.operands import numbers
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import WeightTable
from kspec.elaborate.values import Meaning, Tensor, describe
from kspec.ir import TensorType, TypeRuleError, Value
from kspec.layers.base import Dims, Layer, Masked, WeightSpec, match_shape, resolve_shape
from kspec.layers.masks import both
from kspec.losses.base import Loss
from kspec.ops.base import Operation, apart
from kspec.ops.creation import Array
from kspec.registry import Definition
from kspec.regularizers.base import Regularizer

NamedTensors: TypeAlias = Mapping[str, tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True)
class At:
    """Where something is applied.

    Attributes:
        span: The text.
        path: Where a layer's weights go.
    """

    span: Span
    path: str


class Lowering:
    """Writes applications, checking operands first.

    Args:
        reporter: Takes mistakes.
        arithmetic: Brings operands to one type.
        weights: The weights so far.
    """

    def __init__(self, reporter: Reporter, arithmetic: Arithmetic, weights: WeightTable) -> None:
        self.reporter = reporter
        self.arithmetic = arithmetic
        self.builder = arithmetic.builder
        self.weights = weights

    def lower(
        self, definition: Definition, sides: tuple[Meaning, ...], named: NamedTensors, place: At
    ) -> tuple[Masked, ...]:
        """Write a layer, activation, op or loss.

        Args:
            definition: What is applied, its arguments checked.
            sides: What it is applied to: tensors; for ops numbers, too.
            named: Tensors that the call of a layer gives by name.
            place: Where.

        Raises:
            Failed: After reporting a mistake.
            TypeRuleError: The operands do not fit.
        """
        span = place.span
        if isinstance(definition, Operation):
            mask = merged_mask(self.builder, sides) if definition.keeps_steps() else None
            return (Masked(self._operation(definition, sides, span), mask),)
        operands = tuple(side for side in sides if isinstance(side, Tensor))
        values = tuple(operand.value for operand in operands)
        if isinstance(definition, Layer):
            return self._layer(definition, operands, named, place)
        if isinstance(definition, Activation):
            self._count(definition, operands, span, (1,))
            return (Masked(definition.lower(self.builder, values[0]), operands[0].mask),)
        assert isinstance(definition, Loss)
        self._count(definition, operands, span, (2,))
        loss = definition.lower_batch(self.builder, values[0], values[1])
        return (Masked(loss, both(self.builder, operands[0].mask, operands[1].mask)),)

    def _operation(self, op: Operation, sides: tuple[Meaning, ...], span: Span) -> Value:
        fit = (len(sides) or 1,) if op.variadic else (op.operands,)
        self._count(op, sides, span, fit)
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
        self, callee: Definition, operands: tuple[Meaning, ...], span: Span, fit: tuple[int, ...]
    ) -> None:
        if len(operands) not in fit:
            wanted = " or ".join(map(str, fit))
            self.reporter.fail(
                WrongOperandCount(span=span, layer=callee.name, wanted=wanted, got=len(operands))
            )

    def _layer(
        self, layer: Layer, operands: tuple[Tensor, ...], named: NamedTensors, place: At
    ) -> tuple[Masked, ...]:
        span = place.span
        types = tuple(operand.value.type for operand in operands)
        dims = self._match(layer, operands, types, span)
        reason = layer.misfit(*types)
        if reason is not None:
            self._misfit(layer, reason, operands, span)
        if layer.masking == "drops" and any(operand.mask for operand in operands):
            self.reporter.report(MaskDropped(span=span, layer=layer.name))
        sizes = {n: v for n in layer.arg_types() if isinstance(v := getattr(layer, n), int)}
        dims = {**sizes, **dims}
        # Of the class: an argument may be called `dims`, too.
        dims = {**dims, **type(layer).dims(layer, dims)}
        specs = layer.specs(types, dims)
        weights = self._weights(layer, specs, dims, place, operands)
        given = {name: tuple(map(_masked, tensors)) for name, tensors in named.items()}
        start = len(self.builder.ops)
        results = layer.apply(self.builder, tuple(map(_masked, operands)), weights, given)
        table = (weight.value for weight in self.weights.weights.values())
        written = self.builder.ops[start:]
        reason = changing(written, self.builder, table)
        reason = reason or padded(written, (operand.mask for operand in operands), self.builder)
        if reason is not None:
            self._misfit(layer, reason, operands, span)
        penalty = layer.penalty()
        if penalty is not None:
            self._activity(penalty, results)
        return results

    def _misfit(self, layer: Layer, reason: str, operands: tuple[Tensor, ...], span: Span) -> Never:
        labels = self.origins(operands, span)
        self.reporter.fail(ShapeMisfit(span=span, layer=layer.name, reason=reason, labels=labels))

    def _activity(self, penalty: Regularizer, results: tuple[Masked, ...]) -> None:
        """The mean over the real examples of a penalty on what a layer gives."""
        b = self.builder
        for result in results:
            value = result.value
            shape = (value.type.shape[0], *(1 for _ in value.type.shape[1:]))
            real = b.op("reshape", b.examples, shape=shape)
            total = penalty.lower(b, b.op("multiply", value, real))
            count = b.op("sum", b.examples, axis=(0,))
            number = sum(key.startswith("activity.") for key in self.weights.penalties) + 1
            self.weights.penalties[f"activity.{number}"] = b.op("divide_no_nan", total, count)

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
            self._count(layer, operands, span, layer.counts or (len(patterns),))
        dims: Dims = {}
        for pattern, operand, type in zip(patterns, operands, types, strict=False):
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
        self,
        layer: Layer,
        specs: Mapping[str, WeightSpec],
        dims: Dims,
        place: At,
        operands: tuple[Tensor, ...],
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if specs:
            self.weights.layers.setdefault(place.path, layer.name)
        for name, spec in specs.items():
            shape = resolve_shape(spec.shape, dims) if isinstance(spec.shape, str) else spec.shape
            unknown = [axis for axis in shape if isinstance(axis, str)]
            if unknown:
                self.reporter.fail(
                    NeedsFixedSize(
                        span=place.span,
                        layer=layer.name,
                        dim=unknown[0],
                        labels=self.origins(operands, place.span),
                    )
                )
            path = f"{place.path}.{name}"
            type = TensorType(spec.dtype, shape)
            reason = spec.initializer.misfit(type)
            if reason is not None:
                raise TypeRuleError(f"`{spec.initializer.name}` of its {name}: {reason}")
            new = path not in self.weights.weights
            weight = self.weights.get(path, type, spec.initializer.call(), spec.trainable)
            if weight is None:
                there = self.weights.weights[path].value.type
                reason = (
                    f"`{path}` is {there} from an earlier call, and {type} for this one\n"
                    "shared weights fit tensors of one shape; without `share` each has its own"
                )
                labels = self.origins(operands, place.span)
                self.reporter.fail(
                    ShapeMisfit(span=place.span, layer=layer.name, reason=reason, labels=labels)
                )
            if new:
                self._restrain(path, weight, spec, place.span)
            values[name] = weight
        return values

    def _restrain(self, path: str, weight: Value, spec: WeightSpec, span: Span) -> None:
        """Write the penalty on a weight, and its constraint. Raises TypeRuleError."""
        if spec.regularizer is not None and spec.trainable:
            reason = spec.regularizer.misfit(weight.type.rank)
            if reason is not None:
                raise TypeRuleError(f"`{spec.regularizer.name}` of `{path}`: {reason}")
            with self.builder.at(span, "penalty"):
                penalty = spec.regularizer.lower(self.builder, weight)
            self.weights.penalties[path] = penalty
        if spec.constraint is not None and spec.trainable:
            with self.weights.limits.at(span, path.rsplit(".", 1)[-1]):
                limited = spec.constraint.lower(self.weights.limits, weight)
            self.weights.limited[path] = limited

    def origins(self, operands: tuple[Tensor, ...], span: Span) -> tuple[Label, ...]:
        """Where the operands got their shapes, as second labels."""
        return origins.labels(self.builder, operands, span)


def _masked(tensor: Tensor) -> Masked:
    return Masked(tensor.value, tensor.mask)
