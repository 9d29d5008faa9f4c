"""Layers around another layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import (
    Dims,
    Layer,
    Masked,
    Named,
    WeightSpec,
    arg,
    inner_specs,
    inner_weights,
    layer,
)
from kspec.layers.recurrent import Recurrent
from kspec.registry import Example

FORWARD, BACKWARD = "forward.", "backward."


@final
@layer("bidirectional")
class Bidirectional(Layer):
    """A recurrent layer from both ends: one set of weights goes forwards, one backwards.

    With a mask and all outputs, the outputs of padding are 0, as in Keras. An
    `initial_state` is that of the forward layer, then that of the backward one.
    Source: Schuster and Paliwal, 1997.
    """

    example = Example("x -> bidirectional(lstm(4))", x="f32[8, 6]")

    shape = "batch time *features -> batch *units"
    keywords: ClassVar[tuple[str, ...]] = ("initial_state", "mask")
    masking = "uses"

    layer: Recurrent = arg(doc="The recurrent layer.")
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = arg(
        default="concat", doc="How the two outputs become one; none gives both."
    )
    backward_layer: Recurrent | None = arg(
        default=None, doc="The layer that goes backwards; the same kind by default."
    )

    def _backward(self) -> Recurrent:
        return self.backward_layer or self.layer.but(go_backwards=not self.layer.go_backwards)

    def check(self) -> str | None:
        """The layers go opposite ways, and give the same."""
        other = self._backward()
        if self.layer.go_backwards == other.go_backwards:
            return "the two layers must go in different directions: see `go_backwards`"
        for name in ("return_sequences", "return_state"):
            if getattr(self.layer, name) != getattr(other, name):
                return f"the two layers must have the same `{name}`"
        return None

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Those of both layers."""
        del dims
        forward = inner_specs(self.layer, types, FORWARD)
        return forward | inner_specs(self._backward(), types, BACKWARD)

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """Both layers, and the merge."""
        zero = self.layer.return_sequences
        results: list[tuple[Masked, ...]] = []
        states = named.get("initial_state", ())
        half = len(states) // 2
        layers = ((self.layer, FORWARD), (self._backward(), BACKWARD))
        for number, (each, prefix) in enumerate(layers):
            own: dict[str, tuple[Masked, ...]] = {k: v for k, v in named.items() if k == "mask"}
            if states:
                own["initial_state"] = states[number * half :][: half or None]
            inside = inner_weights(weights, prefix)
            results.append(each.run(b, operands[0], inside, own, zero=zero))
        (y, *last), (y_back, *last_back) = results
        backwards = y_back.value
        if self.layer.return_sequences:
            backwards = b.op("flip", backwards, axis=(1,))
        if self.merge_mode is None:
            return (y, Masked(backwards, y_back.mask), *last, *last_back)
        return (Masked(self._merge(b, y.value, backwards), y.mask), *last, *last_back)

    def _merge(self, b: Builder, y: Value, other: Value) -> Value:
        match self.merge_mode:
            case "concat":
                return b.op("concatenate", y, other, axis=y.type.rank - 1)
            case "mul":
                return b.op("multiply", y, other)
            case "ave":
                return b.op("divide", b.op("add", y, other), b.constant(2.0))
            case _:
                return b.op("add", y, other)


@final
@layer("time_distributed")
class TimeDistributed(Layer):
    """A layer applied to each time step by itself, with the same weights."""

    example = Example("x -> time_distributed(dense(4))", x="f32[8, 6]")

    shape = "batch time *features -> batch time *result"
    masking = "uses"

    layer: Layer = arg(doc="The layer.")

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Those of the layer; statistics have no place here. Raises TypeRuleError."""
        del dims
        if types[0].rank < 3:
            raise TypeRuleError("it needs an axis of time and one of features")
        specs = inner_specs(self.layer, (_step(types[0]),))
        if not all(spec.trainable for spec in specs.values()):
            reason = "whose statistics would be those of each step alone: apply it directly"
            raise TypeRuleError(f"it cannot hold `{self.layer.name}`, {reason}")
        return specs

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """A map over time."""
        x, mask = operands[0].value, operands[0].mask

        def each(step: Value) -> list[Value]:
            return [r.value for r in self.layer.apply(b, (Masked(step),), weights, named)]

        results = b.map(each, [x], 1, hints=[x.hint])
        return tuple(Masked(value, mask) for value in results)


def _step(type: TensorType) -> TensorType:
    return type.with_shape((type.shape[0], *type.shape[2:]))
