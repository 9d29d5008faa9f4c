"""Whether labels are of the form that a loss or metric takes, whatever it is called.

The vocabulary has pairs: `sparse_categorical_crossentropy` takes class numbers, and
`categorical_crossentropy` a number for each class. What holds for one pair holds for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kspec.data.fields import FieldType
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import LabelWidthMismatch, WrongLabels
from kspec.elaborate import origins
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.values import Tensor
from kspec.ir import INTEGERS, Builder, Dim, Value
from kspec.registry import Definition, lookup

SPARSE: Final = "sparse_"
BINARY: Final = "binary_"
_ALSO_SPARSE: Final = ("categorical_generalized_cross_entropy",)
_NUMBERS: Final = "class numbers"
_EACH: Final = "a number for each class"


def check_form(
    callee: type[Definition],
    operands: tuple[Tensor, Tensor],
    span: Span,
    builder: Builder,
    reporter: Reporter,
) -> None:
    """Report labels that belong to the other one of a pair. Raises Failed after reporting.

    Args:
        callee: The loss or metric.
        operands: What it compares: the truth, then the prediction.
        span: Where.
        builder: Knows where the operands got their shapes.
        reporter: Where mistakes go.
    """
    truth, prediction = (operand.value for operand in operands)
    found = _other_form(callee, truth, prediction)
    if found is None:
        return
    sparse = callee.name.startswith(SPARSE)
    reporter.fail(
        WrongLabels(
            span=span,
            name=callee.name,
            wanted=_NUMBERS if sparse else _EACH,
            field=truth.hint,
            given=found[0],
            truth=str(truth.type),
            prediction=str(prediction.type),
            instead=found[1],
            labels=origins.labels(builder, operands, span),
        )
    )


def _other_form(
    callee: type[Definition], truth: Value, prediction: Value
) -> tuple[str, str] | None:
    """What the truth holds, and what to write; None where it may be what is needed."""
    name, true, guess = callee.name, truth.type, prediction.type
    sparse = name.startswith(SPARSE)
    other = name.removeprefix(SPARSE) if sparse else f"{SPARSE}{name}"
    if lookup(callee.kind, other) is None:
        return None
    wide = guess.rank > 1 and guess.shape[-1] != 1
    per_class = wide and true.shape == guess.shape
    numbers = true.shape == guess.shape[:-1] or (
        wide and true.rank == guess.rank and true.shape[-1] == 1
    )
    pair = f"`{other}({truth.hint}, {prediction.hint})`"
    if not sparse:
        return (_NUMBERS, pair) if numbers and wide else None
    if true.rank > guess.rank:
        return "scores", f"`{name}({prediction.hint}, {truth.hint})`: labels come first"
    if per_class:
        return _EACH, pair
    if true.dtype in INTEGERS:
        return None
    if numbers:
        return f"{true.dtype} numbers", f"`{truth.hint} : class[...]` in the data"
    return "measurements", "`mean_absolute_error`, or another metric of measurements"


class Classes:
    """The data's classes against the scores of a model.

    Args:
        fields: The fields that are class numbers, by their values in the program.
        spans: Where the fields are declared.
        reporter: Where mistakes go.

    Attributes:
        scores: For fields whose classes the data counts: what scores them, and how many.
    """

    def __init__(
        self, fields: Mapping[Value, FieldType], spans: Mapping[str, Span], reporter: Reporter
    ) -> None:
        self.fields = fields
        self.spans = spans
        self.reporter = reporter
        self.scores: dict[str, tuple[str, int]] = {}

    def check(
        self, callee: Definition, truth: Tensor, prediction: Tensor, span: Span | None
    ) -> None:
        """Report a loss or metric whose output has not a score for each class.

        The last class needs none if it is ignored.
        """
        field = self.fields.get(truth.value)
        if field is None:
            return
        name, given = callee.name, callee.call().args
        type, axis = prediction.value.type, given.get("axis", -1)
        place = axis if isinstance(axis, int) else -1
        if not -type.rank <= place < type.rank:
            return  # The callee tells.
        width = type.shape[place] if type.rank > 1 else 1
        if field.classes is None:
            ignores = given.get("ignore_class") is not None
            self._note(field, name, prediction.value, width, ignores)
            return
        spared = given.get("ignore_class") == field.classes - 1
        fits = width == field.classes or (spared and width == field.classes - 1)
        if name.startswith(BINARY):
            fits = field.classes <= 2 or width != 1
        elif not name.startswith(SPARSE) and name not in _ALSO_SPARSE:
            return
        if not fits:
            self.reporter.report(
                LabelWidthMismatch(
                    span=span,
                    field=field.name,
                    classes=field.classes,
                    output=prediction.value.hint,
                    width=str(width),
                    labels=(Label(self.spans[field.name], f"{field.classes} classes"),),
                )
            )

    def _note(
        self, field: FieldType, name: str, prediction: Value, width: Dim, ignores: bool
    ) -> None:
        """Keep the least number of scores of a field, for when the data has been read."""
        sparse = name.startswith(SPARSE) or name in _ALSO_SPARSE
        if not sparse or ignores or not isinstance(width, int):
            return
        if width < self.scores.get(field.name, ("", width + 1))[1]:
            self.scores[field.name] = (prediction.hint, width)
