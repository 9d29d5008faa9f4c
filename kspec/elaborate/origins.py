"""Where tensors got their shapes: the second places of reports about shapes."""

from __future__ import annotations

from collections.abc import Iterable

from kspec.diagnostics import Label, Span
from kspec.elaborate.values import Tensor
from kspec.ir import BATCH, Builder, Op, TensorType, Value

_WINDOWS = ("conv", "max_pool", "avg_pool")  # what makes images smaller


def labels(builder: Builder, operands: Iterable[Tensor], span: Span) -> tuple[Label, ...]:
    """Where the operands of something at a place got their shapes."""
    found: list[Label] = []
    for operand in operands:
        place = _origin(builder, operand.value) or operand.span
        if place.start < span.end and span.start < place.end and place.source == span.source:
            place = operand.span
        if place != span:
            found.append(Label(place, f"gives {operand.value.type}"))
    return tuple(dict.fromkeys(found))


def _origin(builder: Builder, value: Value) -> Span | None:
    """The place that gave a value its shape."""
    maker, value = _maker(builder, value)
    return maker.span if maker is not None else builder.places.get(value)


def _maker(builder: Builder, value: Value) -> tuple[Op | None, Value]:
    """The op that gave a value its shape, behind all that keeps shapes, and its result."""
    type = value.type
    while (maker := builder.makers.get(value)) is not None:
        same = [arg for arg in maker.args if arg.type.shape == type.shape]
        if len(same) != 1:
            return maker, value
        value = same[0]
    return None, value


def advice(builder: Builder, operands: Iterable[Tensor]) -> str:
    """What keeps the shapes of operands equal that were equal before, on a line of its own."""
    for operand in operands:
        maker, _ = _maker(builder, operand.value)
        while maker is not None and maker.name == "add":  # the offset of a convolution
            maker = builder.makers.get(maker.args[0])
        if maker and maker.name in _WINDOWS and maker.attrs["padding"] == "valid":
            return "\nwith `padding=same` and strides of 1 an image keeps its size"
    return ""


def missing_axis(pattern: str, type: TensorType) -> str:
    """Advice for a tensor that has an axis more or less than a layer works on."""
    words = pattern.split()
    if any(word.startswith("*") for word in words):
        return ""
    if type.rank == len(words) - 1:
        return _one_more(words, type)
    if type.rank == len(words) + 1 and type.shape[1] == 1:
        rest = ", ".join(map(str, type.shape[2:]))
        return f"the batch axis is there without being written: declare `{type.dtype}[{rest}]`"
    return ""


def _one_more(words: list[str], type: TensorType) -> str:
    axes = ", ".join(map(str, type.shape[1:]))
    if words[-1] == "channels":
        return f"`expand_dims(-1)` adds the axis of channels: `{type.dtype}[{axes}, 1]`"
    return f"`expand_dims(-1)` adds an axis of size 1: `{type.dtype}[{axes}, 1]`"


def spell(type: TensorType) -> str:
    """A type as a spec declares it: without the batch axis."""
    axes = type.shape[1:] if type.shape[:1] == (BATCH,) else type.shape
    return f"{type.dtype}[{', '.join(map(str, axes))}]" if axes else type.dtype
