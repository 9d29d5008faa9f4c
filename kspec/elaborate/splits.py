"""`split` of a data block: shares of its source, sources of their own, or folds of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Never

from kspec.data.declaration import SPLITS
from kspec.data.fields import FieldType
from kspec.diagnostics import Span
from kspec.diagnostics.errors import BadSplit, UnknownName, WrongType
from kspec.diagnostics.record import Node
from kspec.elaborate.models import Elaborator
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import Fields, Invocation, Meaning, Quantity, Ref, describe
from kspec.ir import Call

STRATIFY: Final = "stratify"
FOLDS: Final = "folds"


class Parts(Node):
    """What `split` says.

    Attributes:
        shares: Each part's share of the source, from 0 to 1, or a source of its own.
        stratify: The label of which each share has its part of each class; empty for none.
        folds: How many folds there are, and which of them is validated on.
        spans: The place of each part.
    """

    shares: Mapping[str, float | Call]
    stratify: str = ""
    folds: tuple[int, int] | None = None
    spans: Mapping[str, Span] = MappingProxyType({})


def source_call(elaborator: Elaborator, value: Meaning, span: Span) -> Call:
    """A source with checked arguments. Raises Failed after reporting."""
    return elaborator.arguments.make("source", value, span).call()


def read_split(
    elaborator: Elaborator,
    settings: Settings,
    meanings: Mapping[str, Meaning],
    fields: Mapping[str, FieldType],
) -> Parts:
    """The setting `split`. Raises Failed after reporting."""
    if "split" not in meanings:
        return Parts({"train": 1.0})
    value = meanings["split"]
    span = settings.require("split").value.span
    reader = _Reader(elaborator, fields, span)
    if isinstance(value, Invocation) and value.name == FOLDS:
        return reader.folds(value)
    if isinstance(value, Fields):
        return reader.parts(value)
    wanted, got = "{ train: 80%, ... } or folds(5, fold=0)", describe(value)
    elaborator.reporter.fail(WrongType(span=span, name="split", wanted=wanted, got=got))


class _Reader:
    """Reads what is written, and reports what is no split."""

    def __init__(self, elaborator: Elaborator, fields: Mapping[str, FieldType], span: Span) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.fields = fields
        self.span = span

    def parts(self, value: Fields) -> Parts:
        """`{ train: 80%, test: 20%, stratify: label }`."""
        split: dict[str, float | Call] = {}
        for name, part in value.values.items():
            if name != STRATIFY:
                split[name] = self._part(name, part, value.spans[name])
        shares = sum(part for part in split.values() if isinstance(part, float))
        if shares > 1 + 1e-9:
            self._fail(self.span, f"the parts add up to {100 * shares:g}%")
        if "train" not in split:
            self._fail(self.span, "there is no `train` part")
        label = ""
        if STRATIFY in value.values:
            span = value.spans[STRATIFY]
            if not shares:
                self._fail(span, "`stratify` is for shares of `source`, and there are none")
            label = self._label(value.values[STRATIFY], span)
        return Parts(split, label, None, value.spans)

    def _part(self, name: str, part: Meaning, span: Span) -> float | Call:
        if name not in SPLITS:
            self._fail(span, f"a split is called train, validation or test, not `{name}`")
        if isinstance(part, Quantity) and part.unit == "%" and 0 < part.value <= 100:
            return part.value / 100
        if isinstance(part, (Ref, Invocation)):
            return source_call(self.elaborator, part, span)
        self._fail(span, f"`{name}` must be a percentage or a source, not {describe(part)}")

    def folds(self, value: Invocation) -> Parts:
        """`folds(5, fold=2, stratify=label)`."""
        names = [given.name or "count" for given in value.args]
        if names[:1] != ["count"] or not {*names[1:]} <= {"fold", STRATIFY}:
            self._fail(self.span, "write folds as `folds(5, fold=0, stratify=label)`")
        given = {name: each.value for name, each in zip(names, value.args, strict=True)}
        count, fold = given["count"], given.get("fold", 0)
        if not isinstance(count, int) or not 2 <= count <= 1000:
            self._fail(self.span, f"there must be 2 to 1000 folds, not {describe(count)}")
        if not isinstance(fold, int) or isinstance(fold, bool) or not 0 <= fold < count:
            self._fail(self.span, f"`fold` must be from 0 to {count - 1}, not {describe(fold)}")
        label = self._label(given[STRATIFY], self.span) if STRATIFY in given else ""
        shares = {"train": 1 - 1 / count, "validation": 1 / count}
        return Parts(shares, label, (count, fold), {STRATIFY: self.span})

    def _label(self, value: Meaning, span: Span) -> str:
        return read_label(self.reporter, STRATIFY, value, span, self.fields)

    def _fail(self, span: Span, message: str) -> Never:
        self.reporter.fail(BadSplit(span=span, message=message))


def read_label(
    reporter: Reporter, key: str, value: Meaning, span: Span, fields: Mapping[str, FieldType]
) -> str:
    """A field that has classes. Raises Failed after reporting.

    Args:
        reporter: Where mistakes go.
        key: What is set to it.
        value: What is written.
        span: Where.
        fields: The fields of the data block.
    """
    if not isinstance(value, Ref):
        wanted, got = "the name of a label", describe(value)
        reporter.fail(WrongType(span=span, name=key, wanted=wanted, got=got))
    if value.name not in fields:
        reporter.fail(UnknownName.of(span, "field", value.name, fields))
    label = fields[value.name]
    is_number = label.dtype[0] in "iu" and not label.shape
    if not (label.is_class or is_number):
        wanted, got = "a field of classes, or of whole numbers", f"{label.name} : {label}"
        reporter.fail(WrongType(span=span, name=key, wanted=wanted, got=got))
    return value.name
