"""`sample_weight` and `class_weight`: how much each example counts in the loss.

As in Keras, the loss of an example is multiplied by its weight, and the loss of a batch is
the sum of such products divided by the number of examples, not by the sum of the weights.
Class weights hold in training only. `weighted_metrics` are weighted, `metrics` are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kspec.data.example_weights import ClassWeight
from kspec.data.fields import FieldType
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    InvalidArgument,
    NoClassLabel,
    NotASampleWeight,
    UnknownName,
    WrongType,
)
from kspec.diagnostics.record import Node
from kspec.elaborate.data import Data
from kspec.elaborate.expressions import Env
from kspec.elaborate.fields import Fields
from kspec.elaborate.fit import BINARY, SPARSE
from kspec.elaborate.models import Elaborator
from kspec.elaborate.records import entries
from kspec.elaborate.scope import Place
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import Tensor, describe
from kspec.ir import BATCH, INTEGERS, Builder, Op, TensorType, Value
from kspec.syntax import tree
from kspec.syntax.tree import Expr

BALANCED: Final = "balanced"
LONGEST: Final = 10  # digits of a class number


class ExampleWeights(Node):
    """The weights of a batch's examples.

    Attributes:
        builder: Writes the program.
        sample: `f32[B]`, in training and evaluation.
        field: The field that `sample` comes from.
        by_class: `f32[B]`, in training only.
        classes: What settles `by_class` when the data is read.
        place: Where the classes have their weights.
    """

    builder: Builder
    sample: Value | None = None
    field: str = ""
    by_class: Value | None = None
    classes: ClassWeight | None = None
    place: Span | None = None

    def __bool__(self) -> bool:
        return self.sample is not None or self.by_class is not None

    def weigh(self, each: Value) -> Value:
        """Numbers of the examples, f32[B], times their weights."""
        b = self.builder
        if self.sample is not None:
            each = b.op("multiply", each, self.sample)
        if self.by_class is not None:
            each = b.op("where_training", b.op("multiply", each, self.by_class), each)
        return each

    def settle(self, data: Data) -> Data:
        """The data, with what must be known of the weights when it is read."""
        fields = tuple(f.replace(weighs=f.name == self.field) for f in data.declaration.fields)
        declared = data.declaration.replace(fields=fields, class_weight=self.classes)
        places = {"class_weight": self.place} if self.place else {}
        return data.replace(declaration=declared, sources={**data.sources, **places})


class Weighing:
    """Reads both settings.

    Args:
        elaborator: The program being written.
        settings: The train block's settings.
        fields: The data's fields.
    """

    def __init__(self, elaborator: Elaborator, settings: Settings, fields: Fields) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.builder = elaborator.builder
        self.settings = settings
        self.fields = fields
        self.declared = {field.name: field for field in fields.data.declaration.fields}

    def read(self, loss: Tensor, ops: list[Op]) -> ExampleWeights:
        """The weights that the settings give. Raises Failed after reporting.

        Args:
            loss: The loss.
            ops: What makes it of fields and outputs.
        """
        found = ExampleWeights(self.builder)
        if setting := self.settings.get("sample_weight"):
            found = found.replace(sample=self._sample(setting.value), field=setting.value.span.text)
        if setting := self.settings.get("class_weight"):
            label = self._label(loss, ops, setting)
            classes = ClassWeight(label.name, self._column(), self._weights(setting.value, label))
            value = self.builder.fresh(classes.column, TensorType("f32", (BATCH,)))
            self.fields.values[classes.column] = value
            place = setting.value.span
            found = found.replace(by_class=value, classes=classes, place=place)
        return found

    def _sample(self, expr: Expr) -> Value:
        """The field that has one weight an example, in f32."""
        if not isinstance(expr, tree.Name) or expr.id not in self.declared:
            text = expr.span.text
            self.reporter.fail(UnknownName.of(expr.span, "field", text, self.declared))
        field = self.declared[expr.id]
        if field.shape or field.is_class or field.dtype == "str":
            self.reporter.fail(NotASampleWeight(span=expr.span, field=expr.id, type=str(field)))
        value = self.fields.values[expr.id]
        with self.builder.at(expr.span, expr.id):
            return value if field.dtype == "f32" else self.builder.op("cast", value, dtype="f32")

    def _label(self, loss: Tensor, ops: list[Op], setting: tree.Setting) -> FieldType:
        """The one field whose classes are weighed: what the loss takes for the truth."""
        compared = self.elaborator.applier.compared
        truths = [truth.value for _, truth, _, _ in compared] or [loss.value]
        names = {value: name for name, value in self.fields.values.items()}
        read = _reads(truths, ops)
        labels = [self.declared[names[value]] for value in names if value in read]
        if not compared:
            labels = [label for label in labels if label.is_class]
        if len(labels) != 1 or not _has_classes(
            labels[0], [callee.name for callee, *_ in compared]
        ):
            self.reporter.fail(NoClassLabel.of(setting.key_span, {f.name: str(f) for f in labels}))
        return labels[0]

    def _column(self) -> str:
        """What the weights are called: as the setting, or where a field is, too, longer."""
        name = "class_weight"
        while name in self.declared or name in self.fields.graph.outputs:
            name += "_"
        return name

    def _weights(self, expr: Expr, label: FieldType) -> tuple[tuple[str, float], ...] | None:
        """`{ 0: 1.0, 1: 3.5 }`, or None for `balanced`."""
        if isinstance(expr, tree.Name) and expr.id == BALANCED:
            return None
        if not isinstance(expr, tree.Record):
            self.reporter.fail(
                WrongType(
                    span=expr.span,
                    name="class_weight",
                    wanted="`balanced` or weights by class, as `{ 0: 1.0, 1: 3.5 }`",
                    got=f"`{expr.span.text}`",
                )
            )
        found: list[tuple[str, float]] = []
        for entry in entries(expr, self.reporter, any_key=True):
            self._check_class(entry, label)
            found.append((_plain(entry.key), self._weight(entry)))
        return tuple(found)

    def _check_class(self, entry: tree.Entry, label: FieldType) -> None:
        """Report a class that the label cannot have; names come with the data."""
        count = _count(label)
        number = _plain(entry.key).isdecimal() and len(_plain(entry.key)) < LONGEST
        if number and (count is None or int(_plain(entry.key)) < count):
            return
        if not number and label.is_class:
            return
        last = "" if count is None else f", from 0 to {count - 1}"
        self.reporter.fail(
            WrongType(
                span=entry.key_span,
                name=f"a class of `{label.name}`",
                wanted=f"a class number{last}",
                got=f"`{entry.key}`",
            )
        )

    def _weight(self, entry: tree.Entry) -> float:
        env = Env(self.elaborator.file_scope, Place())
        value = self.elaborator.evaluator.evaluate(entry.value, env)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.reporter.fail(
                WrongType(
                    span=entry.value.span,
                    name=f"the weight of class {entry.key}",
                    wanted="a number",
                    got=describe(value),
                )
            )
        if value < 0:
            message = f"the weight of a class must be 0 or more, and is {value}"
            self.reporter.fail(
                InvalidArgument(
                    span=entry.value.span,
                    callee="class_weight",
                    message=message,
                    place="it would reward mistakes",
                )
            )
        return float(value)


def _reads(values: Iterable[Value], ops: list[Op]) -> set[Value]:
    """The values that these are made from, themselves included."""
    read = set(values)
    for op in reversed(ops):
        if any(result in read for result in op.results):
            read.update(op.uses)
    return read


def _plain(key: str) -> str:
    """A class number without zeros in front; a name as it is."""
    return key.lstrip("0") or "0" if key.isdecimal() else key


def _has_classes(label: FieldType, losses: list[str]) -> bool:
    """Whether a label tells an example's class: by its number, or by a number for each class."""
    if label.is_class or label.dtype == "str" or len(label.shape) > 1:
        return label.is_class
    if label.shape not in ((), (1,)):
        return all("categorical" in name and not name.startswith(SPARSE) for name in losses)
    binary = all(name.startswith(BINARY) for name in losses)
    return binary or label.dtype in (*INTEGERS, "bool")


def _count(label: FieldType) -> int | None:
    """How many classes a label has, where that can be told."""
    if label.is_class:
        return label.classes
    if label.shape and label.shape != (1,):
        (size,) = label.shape
        return size if isinstance(size, int) else None
    return None if label.dtype in INTEGERS else 2
