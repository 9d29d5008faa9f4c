"""The data's fields meet the model's inputs and outputs."""

from __future__ import annotations

from typing import cast

from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    DuplicateName,
    FieldTypeMismatch,
    InputWithoutField,
    LabelWidthMismatch,
)
from kspec.elaborate.data import Data
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.scope import Scope
from kspec.elaborate.values import Tensor
from kspec.ir import TensorType, Value
from kspec.syntax import tree

_SPARSE_LOSSES = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")


class Fields:
    """The fields of the data as values of the program.

    Args:
        elaborator: The program being written.
        data: The data.
        graph: The model's inputs and outputs.
        model: The model's declaration, for the places of its inputs.
    """

    def __init__(
        self, elaborator: Elaborator, data: Data, graph: Graph, model: tree.ModelDecl
    ) -> None:
        self.reporter = elaborator.reporter
        self.builder = elaborator.builder
        self.file_scope = elaborator.file_scope
        self.data = data
        self.graph = graph
        self.model = model
        self.values = self._values()

    def _values(self) -> dict[str, Value]:
        """The data's fields as values; those that are inputs are the inputs' values."""
        data = self.data
        fields: dict[str, Value] = {}
        declared = {field.name for field in data.declaration.fields}
        for name, value in self.graph.inputs.items():
            place = self._input_place(name)
            if name not in declared:
                self.reporter.report(InputWithoutField.of(place, name, data.name, declared))
                continue
            actual = data.tensor(name)
            if actual is None or not _fits(value.type, actual):
                self.reporter.report(
                    FieldTypeMismatch(
                        span=place,
                        input=name,
                        field=name,
                        declared=str(value.type),
                        actual=str(actual or "str"),
                        labels=(Label(data.spans[name], "the field is declared here"),),
                    )
                )
            fields[name] = value
        for name in data.spans:
            type = data.tensor(name)
            if name not in fields and type is not None:
                fields[name] = self.builder.fresh(name, type)
        return fields

    def _input_place(self, name: str) -> Span:
        return next(
            statement.name_span
            for statement in self.model.body
            if isinstance(statement, tree.Input) and statement.name == name
        )

    def scope(self) -> Scope:
        """What the loss and the metrics can name: fields and outputs."""
        data = self.data
        scope = Scope(self.file_scope)
        for name, value in self.values.items():
            scope.bind(name, Tensor(value, data.spans[name]), data.spans[name])
        for name, output in self.graph.outputs.items():
            if name in data.spans:
                self.reporter.report(
                    DuplicateName.of(output.span, "field and output", name, data.spans[name])
                )
            scope.bind(name, output, output.span)
        return scope

    def check_labels(self) -> None:
        """A class label must have one output for each of its classes.

        The last class needs none if it is ignored.
        """
        data, fields = self.data, self.values
        classes = {
            id(fields[field.name]): field
            for field in data.declaration.fields
            if field.is_class and field.name in fields
        }
        for op in self.builder.ops:
            if op.name not in _SPARSE_LOSSES:
                continue
            field = classes.get(id(op.args[0]))
            if field is None or field.classes is None:
                continue
            width = op.args[1].type.shape[cast("int", op.attrs.get("axis", -1))]
            ignored = op.attrs.get("ignore_class")
            spared = ignored is not None and field.classes == cast("int", ignored) + 1
            if width != field.classes and not (spared and width == field.classes - 1):
                self.reporter.report(
                    LabelWidthMismatch(
                        span=op.span,
                        field=field.name,
                        classes=field.classes,
                        output=op.args[1].hint,
                        width=str(width),
                        labels=(Label(data.spans[field.name], f"{field.classes} classes"),),
                    )
                )


def _fits(declared: TensorType, actual: TensorType) -> bool:
    """Whether data of a type can be an input of a declared type; names fit any size."""
    if declared.dtype != actual.dtype or declared.rank != actual.rank:
        return False
    pairs = zip(declared.shape, actual.shape, strict=True)
    return all(isinstance(want, str) or want == got for want, got in pairs)
