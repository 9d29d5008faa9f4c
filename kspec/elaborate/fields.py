"""The data's fields meet the model's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kspec.data.fields import FieldType
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
from kspec.ir import Dim, Shape, TensorType, bound_of
from kspec.ir.uses import rows_looked_up
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
        data: The data; what a ragged input takes is ragged there, too.
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
        self.padding = elaborator.padding
        fields = self._fields(augmentation.fields)
        self.values = {name: field.value for name, field in fields.items()}
        changed = {n: replace(fields[n], value=v) for n, v in augmentation.changed.items()}
        self.seen = {**fields, **changed}
        self.padding.check_names(data.spans)

    def _fields(self, augmented: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The data's fields as tensors; those that are inputs are the inputs' tensors."""
        data = self.data
        fields: dict[str, Tensor] = {}
        declared = {field.name for field in data.declaration.fields}
        for name, tensor in self.graph.inputs.items():
            type = self.graph.types[name]
            place = self._input_place(name)
            if name not in declared:
                self.reporter.report(InputWithoutField.of(place, name, data.name, declared))
                continue
            actual = data.tensor(name)
            if not _fits(type, actual):
                self.reporter.report(
                    FieldTypeMismatch(
                        span=place,
                        input=name,
                        field=name,
                        declared=str(type),
                        actual=str(actual),
                        advice=_advice(name, type, actual),
                        labels=(Label(data.spans[name], "the field is declared here"),),
                    )
                )
            fields[name] = replace(tensor, span=data.spans[name])
        for name, span in data.spans.items():
            if name in augmented:
                fields[name] = augmented[name]
            elif name not in fields:
                fields[name] = self.padding.parameter(name, data.tensor(name), span, span)
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
        for name, tensor in self.seen.items():
            scope.bind(name, tensor, tensor.span)
        for name, output in self.graph.outputs.items():
            if name in data.spans:
                self.reporter.report(
                    DuplicateName.of(output.span, "field and output", name, data.spans[name])
                )
            scope.bind(name, output, output.span)
        return scope

    def looked_up(self, scores: Mapping[str, tuple[str, int]]) -> Data:
        """The data, with the rows of embeddings that look its fields up, and with `scores`."""
        inputs = {tensor.value: name for name, tensor in self.graph.inputs.items()}
        written = [op for op in self.builder.ops if op.span is not None]
        rows = rows_looked_up(written, self.builder.makers, inputs)
        below = {name: count for name, (count, _) in rows.items()}
        places = {looks_up(name): span for name, (_, span) in rows.items() if span is not None}
        fields = tuple(
            f.replace(
                shape=self._shape(f),
                below=below.get(f.name),
                scores=scores.get(f.name),
            )
            for f in self.data.declaration.fields
        )
        declaration = self.data.declaration.replace(fields=fields)
        return self.data.replace(declaration=declaration, sources={**self.data.sources, **places})

    def _shape(self, field: FieldType) -> Shape:
        """The shape of a field; of what a ragged input takes, all lengths are wanted."""
        type = self.graph.types.get(field.name)
        return field.shape if type is None or type.bound is None else type.shape[1:]

    def classes(self) -> Classes:
        """What checks the scores of a model against the classes of a label."""
        declared = self.data.declaration.fields
        classes = {self.values[f.name]: f for f in declared if f.is_class and f.name in self.values}
        return Classes(classes, self.data.spans, self.reporter)


def _advice(name: str, declared: TensorType, actual: TensorType) -> str:
    """How to declare an input that takes a field of another type."""
    line = f"`input {name} : {spell(actual)}`"
    if actual.is_hosted:
        return f"write {line}; `text_vectorization` makes numbers of it"
    if actual.bound is not None and declared.bound is None:
        return f"the model would take padding for data: write {line}, which carries a mask"
    if actual.bound is not None:
        return f"write {line}: both have the same bound"
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
    return all(map(_meets, declared.shape, actual.shape))


def _meets(want: Dim, got: Dim) -> bool:
    """Whether an axis of data can be that of an input: a ragged one takes its full length."""
    if want == got or bound_of(got) is not None:
        return want == got
    return bound_of(want) in (None, got) and isinstance(want, str)
