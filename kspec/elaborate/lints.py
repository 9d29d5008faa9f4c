"""Look for what is odd in a program that has no mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kspec.diagnostics import Diagnostic, Label, Span
from kspec.diagnostics.lints import (
    LogitsAsProbabilities,
    NoEffect,
    PaddingCounted,
    ProbabilitiesAsLogits,
    StretchedLabels,
    ThresholdOnScores,
    UnusedField,
    UnusedName,
)
from kspec.elaborate.origins import labels, spell
from kspec.elaborate.scope import Binding
from kspec.elaborate.values import Tensor
from kspec.ir import Builder, Op, TensorType, Value
from kspec.metrics.base import Metric

_CROSSENTROPIES = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
    "categorical_focal_crossentropy": "softmax",
    "binary_focal_crossentropy": "sigmoid",
}
_PROBABILITIES = ("softmax", "sigmoid")
_ELEMENTWISE = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
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
    maker = _maker(op.args[1], makers)
    if maker is None:
        return
    if op.attrs["from_logits"] and maker.name in _PROBABILITIES:
        where = _label(maker, f"{maker.name} is applied here")
        yield ProbabilitiesAsLogits(span=span, loss=op.name, activation=maker.name, labels=where)
    elif not op.attrs["from_logits"] and maker.name in _LINEAR:
        activation = _CROSSENTROPIES[op.name]
        where = _label(maker, f"no {activation} here")
        yield LogitsAsProbabilities(span=span, loss=op.name, activation=activation, labels=where)


def _label(maker: Op, text: str) -> tuple[Label, ...]:
    return (Label(maker.span, text),) if maker.span else ()


def _maker(value: Value, makers: Mapping[Value, Op]) -> Op | None:
    """The op that made the numbers of a value, behind all that passes them on."""
    maker = makers.get(value)
    while maker is not None and maker.name in _CARRIERS:
        maker = makers.get(maker.args[0])
    return maker


def threshold_on_scores(
    metric: Metric, prediction: Value, span: Span, makers: Mapping[Value, Op]
) -> Diagnostic | None:
    """A metric whose threshold is one of probabilities, and which gets any numbers."""
    threshold = metric.call().args.get("threshold")
    maker = _maker(prediction, makers)
    if not isinstance(threshold, float) or not 0 < threshold < 1:
        return None
    if maker is None or maker.name not in _LINEAR:
        return None
    return ThresholdOnScores(
        span=span,
        metric=metric.name,
        threshold=threshold,
        output=prediction.hint,
        labels=_label(maker, "no sigmoid here"),
    )


def padding_counted(metric: Metric, output: str, span: Span) -> Diagnostic:
    """A metric that does not know the mask of the output that it gets."""
    advice = "`{ name: an expression }` in its place is a mean over the steps that count"
    if metric.name == "root_mean_squared_error":
        advice = "`mean_squared_error` leaves masked steps out"
    return PaddingCounted(span=span, metric=metric.name, output=output, advice=advice)


def stretched_labels(
    ops: Iterable[Op],
    builder: Builder,
    fields: Mapping[Value, str],
    outputs: Mapping[Value, str],
) -> Iterator[Diagnostic]:
    """Labels and outputs that meet element by element, and have not the same shape.

    Args:
        ops: Those of losses and metrics.
        builder: Knows where values come from.
        fields: The names of the data's fields.
        outputs: The names of the model's outputs.
    """
    roots: dict[Value, frozenset[Value]] = {}

    def of(value: Value) -> frozenset[Value]:
        if value in fields or value in outputs:
            return frozenset((value,))
        if value not in roots:
            maker = builder.makers.get(value)
            args = maker.args if maker is not None else ()
            roots[value] = frozenset[Value]().union(*map(of, args))
        return roots[value]

    for op in ops:
        if op.name not in _ELEMENTWISE or op.span is None:
            continue
        left, right = op.args
        if left.type.rank != right.type.rank or left.type.shape == right.type.shape:
            continue
        for truth, guess in ((left, right), (right, left)):
            true, guessed = of(truth), of(guess)
            if len(true) != 1 or len(guessed) != 1:
                continue
            (field,), (output,) = true, guessed
            if field in fields and output in outputs:
                operands = (Tensor(field, op.span), Tensor(output, op.span))
                yield StretchedLabels(
                    span=op.span,
                    field=fields[field],
                    truth=spell(field.type),
                    output=outputs[output],
                    prediction=spell(output.type),
                    advice=_one_shape(fields[field], field.type, output.type),
                    labels=labels(builder, operands, op.span),
                )


def _one_shape(name: str, field: TensorType, output: TensorType) -> str:
    """How a label and an output get one shape."""
    if output.rank > field.rank:
        return "`flatten` or a pooling makes one vector of each example"
    units = field.shape[-1]
    unit = "1 unit" if units == 1 else f"{units} units"
    return f"give the last layer {unit}, or declare `{name} : {spell(output)}`"
