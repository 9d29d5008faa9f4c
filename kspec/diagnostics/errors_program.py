"""E4: model, data and training do not fit each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.suggest import closest


@dataclass(frozen=True, kw_only=True)
class InputWithoutField(Suggesting):
    """A model's input has no field of that name in the data."""

    code: ClassVar[str] = "E401"
    title: ClassVar[str] = "the data `{data}` has no field `{input}`"
    label: ClassVar[str] = "this input needs one"
    note: ClassVar[str] = "inputs take the fields of their names; there are {fields}"

    input: str
    data: str
    fields: str

    @classmethod
    def of(cls, span: Span, input: str, data: str, known: Iterable[str]) -> Self:
        """With the nearest field suggested."""
        names = sorted(known)
        shown = ", ".join(f"`{name}`" for name in names) or "none"
        near = closest(input, names)
        return cls(span=span, input=input, data=data, fields=shown, suggestion=near)


@dataclass(frozen=True, kw_only=True)
class FieldTypeMismatch(Diagnostic):
    """An input and the field that it takes have different types."""

    code: ClassVar[str] = "E402"
    title: ClassVar[str] = "the input `{input}` is {declared}, but the data has {actual}"
    label: ClassVar[str] = "declared as {declared}"
    help: ClassVar[str] = "declare the input as the data has it, and convert in the model"

    input: str
    field: str
    declared: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class LossNotPerExample(Diagnostic):
    """A loss must give one number for each example."""

    code: ClassVar[str] = "E403"
    title: ClassVar[str] = "this loss is no number for each example"
    label: ClassVar[str] = "it is {type}"

    type: str


@dataclass(frozen=True, kw_only=True)
class LabelWidthMismatch(Diagnostic):
    """A model gives more or fewer scores than the label has classes."""

    code: ClassVar[str] = "E404"
    title: ClassVar[str] = "`{field}` has {classes} classes, but `{output}` has {width} scores"
    label: ClassVar[str] = "compares {classes} classes with {width} scores"
    help: ClassVar[str] = "give the last layer {classes} units"

    field: str
    classes: int
    output: str
    width: str


@dataclass(frozen=True, kw_only=True)
class NoOutput(Diagnostic):
    """A model has no output, or a block not exactly one."""

    code: ClassVar[str] = "E405"
    title: ClassVar[str] = "`{model}` has no output"
    label: ClassVar[str] = "a model needs an output, a block exactly one"
    help: ClassVar[str] = "add a line `output name = ...`"

    model: str


@dataclass(frozen=True, kw_only=True)
class BadSplit(Diagnostic):
    """The parts of a split are not shares of the source, or not called as they should be."""

    code: ClassVar[str] = "E406"
    title: ClassVar[str] = "this split cannot be made"
    label: ClassVar[str] = "{message}"
    help: ClassVar[str] = "write it as `{{ train: 80%, validation: 10%, test: 10% }}`"

    message: str
