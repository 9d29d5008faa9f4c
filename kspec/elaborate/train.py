"""The train block: model and data meet, the loss and the metrics are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, TypeVar

from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    DuplicateName,
    FieldTypeMismatch,
    InputWithoutField,
    LabelWidthMismatch,
    LossNotPerExample,
    UnknownName,
)
from kspec.elaborate.data import Data
from kspec.elaborate.expressions import LOSS_KINDS, Env
from kspec.elaborate.metrics import Metrics, Sums, masked_mean, per_example, results
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.reporter import Failed
from kspec.elaborate.resolve import resolved_settings
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import BlockValue, Meaning, Tensor
from kspec.ir import BATCH, Builder, Call, Func, TensorType, TrainSettings, Value
from kspec.syntax import tree
from kspec.syntax.tree import Setting

SETTINGS = (
    "model",
    "data",
    "loss",
    "metrics",
    "optimizer",
    "batch",
    "epochs",
    "seed",
    "shuffle",
)


T = TypeVar("T")


class Scalars(TypedDict):
    """The settings that are plain numbers and switches."""

    batch: int
    epochs: int
    seed: int
    shuffle: bool


@dataclass(frozen=True, slots=True)
class Training:
    """An elaborated train block.

    Attributes:
        model: The model's name.
        model_graph: Its inputs and outputs.
        data: The data block.
        graph: Everything a step may need: outputs, loss, sums of metrics.
        results: Metrics from sums.
        settings: What the step and its loop need.
        metrics: Names of metrics in order.
        resolved: The block's settings with defaults written out.
    """

    model: str
    model_graph: Graph
    data: Data
    graph: Func
    results: Func
    settings: TrainSettings
    metrics: tuple[str, ...]
    resolved: tuple[Setting, ...]


def elaborate_train(
    elaborator: Elaborator, decl: tree.TrainDecl, data: Mapping[str, Data | None]
) -> Training:
    """Check a train block and write its graph. Raises Failed after reporting."""
    return _TrainBlock(elaborator, decl, data).elaborate()


class _TrainBlock:
    def __init__(
        self, elaborator: Elaborator, decl: tree.TrainDecl, data: Mapping[str, Data | None]
    ) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.builder: Builder = elaborator.builder
        self.decl = decl
        self.all_data = data
        keyword = Span(decl.span.source, decl.span.start, decl.span.start + len("train"))
        self.settings = Settings(self.reporter, "train", keyword, decl.settings, SETTINGS)

    def elaborate(self) -> Training:
        missing = False
        for key in ("model", "data", "loss", "optimizer"):
            try:
                self.settings.require(key)
            except Failed:
                missing = True
        scalars = self._attempt(self._scalars)
        optimizer = self._attempt(self._optimizer)
        data = self._attempt(self._data)
        block = self._attempt(self._model)
        graph = self._attempt(lambda: self.elaborator.model(block)) if block else None
        if missing or not (scalars and optimizer and data and block and graph):
            raise Failed
        fields = self._fields(data, graph)
        scope = self._loss_scope(graph, fields, data)
        mask = self.builder.fresh("mask", TensorType("f32", (BATCH,)))
        loss, sums = self._loss(scope, mask)
        self._check_labels(fields, data)
        setting = self.settings.get("metrics")
        metrics = Metrics(self.elaborator, scope, mask)
        used = [sums, *(metrics.read(setting.value) if setting else ())]
        func = self._graph(graph, fields, mask, loss, used)
        return Training(
            model=block.decl.name,
            model_graph=graph,
            data=data,
            graph=func,
            results=results(used),
            settings=TrainSettings(optimizer=optimizer, **scalars),
            metrics=tuple(each.name for each in used[1:]),
            resolved=resolved_settings(self.decl, self.settings, optimizer, scalars),
        )

    def _attempt(self, part: Callable[[], T]) -> T | None:
        """The part, or None after its mistake was reported, so that others are found too."""
        try:
            return part()
        except Failed:
            return None

    def _meaning(self, key: str, scope: Scope | None = None) -> Meaning:
        setting = self.settings.require(key)
        env = Env(scope or self.elaborator.file_scope, Place())
        return self.elaborator.evaluator.evaluate(setting.value, env)

    def _scalars(self) -> Scalars:
        keys = ("batch", "epochs", "seed", "shuffle")
        meanings = {key: self._meaning(key) for key in keys if self.settings.get(key)}
        batch = self._attempt(lambda: self.settings.integer("batch", meanings, 32, 1))
        epochs = self._attempt(lambda: self.settings.integer("epochs", meanings, 1, 1))
        seed = self._attempt(lambda: self.settings.integer("seed", meanings, 0, 0))
        shuffle = self._attempt(lambda: self.settings.boolean("shuffle", meanings, True))
        if batch is None or epochs is None or seed is None or shuffle is None:
            raise Failed
        return {"batch": batch, "epochs": epochs, "seed": seed, "shuffle": shuffle}

    def _optimizer(self) -> Call:
        value = self._meaning("optimizer")
        span = self.settings.require("optimizer").value.span
        return self.elaborator.arguments.make("optimizer", value, span).call()

    def _data(self) -> Data:
        value = self.settings.require("data").value
        if not isinstance(value, tree.Name) or value.id not in self.all_data:
            self.reporter.fail(
                UnknownName.of(value.span, "data block", value.span.text, tuple(self.all_data))
            )
        data = self.all_data[value.id]
        if data is None:
            raise Failed
        return data

    def _model(self) -> BlockValue:
        value = self._meaning("model")
        span = self.settings.require("model").value.span
        if isinstance(value, BlockValue) and not value.decl.is_block:
            return replace(value, span=span)
        models = [
            name
            for name, binding in self.elaborator.file_scope.names.items()
            if isinstance(binding.meaning, BlockValue) and not binding.meaning.decl.is_block
        ]
        self.reporter.fail(UnknownName.of(span, "model", span.text, models))

    def _fields(self, data: Data, graph: Graph) -> dict[str, Value]:
        """The data's fields as values; those that are inputs are the inputs' values."""
        fields: dict[str, Value] = {}
        declared = {field.name for field in data.declaration.fields}
        for name, value in graph.inputs.items():
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
        block = self._model()
        return next(
            statement.name_span
            for statement in block.decl.body
            if isinstance(statement, tree.Input) and statement.name == name
        )

    def _loss_scope(self, graph: Graph, fields: Mapping[str, Value], data: Data) -> Scope:
        """What the loss and the metrics can name: fields and outputs."""
        scope = Scope(self.elaborator.file_scope)
        for name, value in fields.items():
            scope.bind(name, Tensor(value, data.spans[name]), data.spans[name])
        for name, output in graph.outputs.items():
            if name in data.spans:
                self.reporter.report(
                    DuplicateName.of(output.span, "field and output", name, data.spans[name])
                )
            scope.bind(name, output, output.span)
        return scope

    def _loss(self, scope: Scope, mask: Value) -> tuple[Value, Sums]:
        """The mean over the batch's real examples, and what an epoch's mean needs."""
        expr = self.settings.require("loss").value
        env = Env(scope, Place(), "loss", kinds=LOSS_KINDS)
        each = self.elaborator.evaluator.tensor(expr, env).value
        with self.builder.at(expr.span, "loss"):
            if each.type.is_float:
                each = per_example(self.builder, each)
            if not each.type.is_float or each.type.shape != (BATCH,):
                self.reporter.fail(LossNotPerExample(span=expr.span, type=str(each.type)))
            sums = masked_mean(self.builder, each, mask, "loss")
            loss = self.builder.op("divide_no_nan", sums["total"], sums["count"])
        return loss, Sums("loss", None, sums)

    def _check_labels(self, fields: Mapping[str, Value], data: Data) -> None:
        """A class label must have one output for each of its classes."""
        classes = {
            id(fields[field.name]): field
            for field in data.declaration.fields
            if field.is_class and field.name in fields
        }
        for op in self.builder.ops:
            if op.name != "sparse_categorical_crossentropy":
                continue
            field = classes.get(id(op.args[0]))
            width = op.args[1].type.shape[-1]
            if field is not None and field.classes is not None and field.classes != width:
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

    def _graph(
        self,
        graph: Graph,
        fields: Mapping[str, Value],
        mask: Value,
        loss: Value,
        used: list[Sums],
    ) -> Func:
        read = {id(value) for op in self.builder.ops for value in op.args}
        inputs = list(graph.inputs.values())
        labels = [v for v in fields.values() if v not in inputs and id(v) in read]
        returns = [(f"output.{name}", out.value) for name, out in graph.outputs.items()]
        returns.append(("loss", loss))
        for each in used:
            returns += [(f"sum.{each.name}.{part}", v) for part, v in each.sums.items()]
        return Func("graph", (*inputs, *labels, mask), tuple(self.builder.ops), tuple(returns))


def _fits(declared: TensorType, actual: TensorType) -> bool:
    """Whether data of a type can be an input of a declared type; names fit any size."""
    if declared.dtype != actual.dtype or declared.rank != actual.rank:
        return False
    pairs = zip(declared.shape, actual.shape, strict=True)
    return all(isinstance(want, str) or want == got for want, got in pairs)
