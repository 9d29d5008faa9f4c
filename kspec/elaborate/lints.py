"""Look for what is odd in a program that has no mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kspec.diagnostics import Diagnostic, Span
from kspec.diagnostics.lints import (
    LogitsAsProbabilities,
    NoEffect,
    ProbabilitiesAsLogits,
    UnusedField,
    UnusedName,
)
from kspec.elaborate.scope import Binding
from kspec.ir import Op, Value

_CROSSENTROPIES = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
}
_PROBABILITIES = ("softmax", "sigmoid")
_LINEAR = ("add", "matmul", "conv", "einsum")  # what makes any numbers
_CARRIERS = ("reshape", "cast", "squeeze", "index", "transpose")  # what passes numbers on


def unused_names(ledger: Iterable[Binding]) -> Iterator[Diagnostic]:
    """Names that no use found, whichever of their bindings it was."""
    used: dict[Span, bool] = {}
    first: dict[Span, Binding] = {}
    for binding in ledger:
        used[binding.span] = used.get(binding.span, False) or binding.used
        first.setdefault(binding.span, binding)
    for span, binding in first.items():
        if not used[span] and not binding.name.startswith("_"):
            yield UnusedName(span=span, kind=binding.kind, name=binding.name)


def unused_fields(spans: Mapping[str, Span], used: Iterable[str]) -> Iterator[Diagnostic]:
    """Fields that no input, loss or metric names."""
    names = set(used)
    for name, span in spans.items():
        if name not in names:
            yield UnusedField(span=span, name=name)


def odd_ops(ops: Iterable[Op], makers: Mapping[Value, Op]) -> Iterator[Diagnostic]:
    """Losses that get the wrong kind of numbers, and layers without effect."""
    for op in ops:
        if op.span is None:
            continue
        if op.name in _CROSSENTROPIES:
            yield from _crossentropy(op, op.span, makers)
        elif op.name == "dropout_with_key" and op.attrs["rate"] == 0:
            yield NoEffect(span=op.span, what="dropout", reason="its rate is 0")
        elif op.name == "softmax" and op.args[0].type.shape[_axis(op)] == 1:
            reason = "over one number it is always 1: `sigmoid` is meant"
            yield NoEffect(span=op.span, what="softmax", reason=reason)


def _axis(op: Op) -> int:
    axis = op.attrs["axis"]
    assert isinstance(axis, int)
    return axis


def _crossentropy(op: Op, span: Span, makers: Mapping[Value, Op]) -> Iterator[Diagnostic]:
    maker = makers.get(op.args[1])
    while maker is not None and maker.name in _CARRIERS:
        maker = makers.get(maker.args[0])
    if maker is None:
        return
    if op.attrs["from_logits"] and maker.name in _PROBABILITIES:
        yield ProbabilitiesAsLogits(span=span, loss=op.name, activation=maker.name)
    elif not op.attrs["from_logits"] and maker.name in _LINEAR:
        activation = _CROSSENTROPIES[op.name]
        yield LogitsAsProbabilities(span=span, loss=op.name, activation=activation)
