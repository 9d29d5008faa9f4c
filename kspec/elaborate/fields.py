"""The data's fields meet the model's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kspec.data.lookups import looks_up
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    DuplicateName,
    FieldTypeMismatch,
    InputWithoutField,
)
from kspec.elaborate.augment import Augmentation
from kspec.elaborate.data import Data
from kspec.elaborate.fit import Classes
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.origins import spell
from kspec.elaborate.scope import Scope
from kspec.elaborate.values import Tensor
from kspec.ir import TensorType, Value
from kspec.passes.rewrite import rows_looked_up
from kspec.syntax import tree


class Fields:
    """The fields of the data as values of the program.

    Args:
        elaborator: The program being written.
        data: The data.
        graph: The model's inputs and outputs.
        model: The model's declaration, for the places of its inputs.
        augmentation: What became of fields in the `augment` lines.

    Attributes:
        values: The fields as they come in, by name.
        seen: The fields as the loss and the metrics see them.
    """

    def __init__(
        self,
        elaborator: Elaborator,
        data: Data,
        graph: Graph,
        model: tree.ModelDecl,
        augmentation: Augmentation,
    ) -> None:
        self.reporter = elaborator.reporter
        self.builder = elaborator.builder
        self.file_scope = elaborator.file_scope
        self.data = data
        self.graph = graph
        self.model = model
        self.values = self._values(augmentation.fields)
        self.seen = {**self.values, **augmentation.changed}

    def _values(self, augmented: Mapping[str, Value]) -> dict[str, Value]:
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
            if not _fits(value.type, actual):
                self.reporter.report(
                    FieldTypeMismatch(
                        span=place,
                        input=name,
                        field=name,
                        declared=str(value.type),
                        actual=str(actual),
                        advice=_advice(name, value.type, actual),
                        labels=(Label(data.spans[name], "the field is declared here"),),
                    )
                )
            fields[name] = value
        for name in data.spans:
            type = data.tensor(name)
            if name in augmented:
                fields[name] = augmented[name]
            elif name not in fields:
                fields[name] = self.builder.fresh(name, type)
                self.builder.places[fields[name]] = data.spans[name]
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
        for name, value in self.seen.items():
            scope.bind(name, Tensor(value, data.spans[name]), data.spans[name])
        for name, output in self.graph.outputs.items():
            if name in data.spans:
                self.reporter.report(
                    DuplicateName.of(output.span, "field and output", name, data.spans[name])
                )
            scope.bind(name, output, output.span)
        return scope

    def looked_up(self, scores: Mapping[str, tuple[str, int]]) -> Data:
        """The data, with the rows of embeddings that look its fields up, and with `scores`."""
        inputs = {value: name for name, value in self.graph.inputs.items()}
        written = [op for op in self.builder.ops if op.span is not None]
        rows = rows_looked_up(written, self.builder.makers, inputs)
        below = {name: count for name, (count, _) in rows.items()}
        places = {looks_up(name): span for name, (_, span) in rows.items() if span is not None}
        fields = tuple(
            replace(f, below=below.get(f.name), scores=scores.get(f.name))
            for f in self.data.declaration.fields
        )
        declaration = replace(self.data.declaration, fields=fields)
        return replace(self.data, declaration=declaration, sources={**self.data.sources, **places})

    def classes(self) -> Classes:
        """What checks the scores of a model against the classes of a label."""
        declared = self.data.declaration.fields
        classes = {self.values[f.name]: f for f in declared if f.is_class and f.name in self.values}
        return Classes(classes, self.data.spans, self.reporter)


def _advice(name: str, declared: TensorType, actual: TensorType) -> str:
    """How to declare an input that takes a field of another type."""
    if actual.is_hosted:
        return f"write `input {name} : {spell(actual)}`; `text_vectorization` makes numbers of it"
    line = f"`input {name} : {spell(actual)}`"
    if declared.dtype != actual.dtype:
        return f"write {line}; `rescaling(...)` or `cast(...)` makes floats in the model"
    if declared.shape[2:] == actual.shape[1:]:
        return f"write {line}: the batch axis is there without being written"
    if declared.shape == (*actual.shape, 1):
        return f"write {line}, and `{name} -> expand_dims(-1)` in the model"
    return f"write {line}, and convert in the model"


def _fits(declared: TensorType, actual: TensorType) -> bool:
    """Whether data of a type can be an input of a declared type; names fit any size."""
    if declared.dtype != actual.dtype or declared.rank != actual.rank:
        return False
    pairs = zip(declared.shape, actual.shape, strict=True)
    return all(isinstance(want, str) or want == got for want, got in pairs)
