"""The train block: model and data meet, the loss and the metrics are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, TypeVar

from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    BadOperation,
    DuplicateName,
    FieldTypeMismatch,
    InputWithoutField,
    LabelWidthMismatch,
    LossNotPerExample,
    NotAValue,
    UnknownName,
    WrongType,
)
from kspec.elaborate.data import Data
from kspec.elaborate.expressions import Env
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.reporter import Failed
from kspec.elaborate.resolve import resolved_settings
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import BlockValue, Meaning, Tensor, describe
from kspec.ir import BATCH, Builder, Call, Func, TensorType, TrainSettings, TypeRuleError, Value
from kspec.metrics.base import Metric
from kspec.registry import lookup, names
from kspec.syntax import tree
from kspec.syntax.tree import Expr, Setting

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


@dataclass(frozen=True, slots=True)
class Sums:
    """One metric in use: its name, its definition, and what a batch adds."""

    name: str
    definition: Metric | None  # None for the loss itself
    sums: Mapping[str, Value]


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
        used = [sums, *self._metrics(scope, mask)]
        func = self._graph(graph, fields, mask, loss, used)
        return Training(
            model=block.decl.name,
            model_graph=graph,
            data=data,
            graph=func,
            results=_results(used),
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
        env = Env(scope, Place(), "loss", kinds=("loss",))
        each = self.elaborator.evaluator.tensor(expr, env).value
        with self.builder.at(expr.span, "loss"):
            each = _per_example(self.builder, each)
            if not each.type.is_float or each.type.shape != (BATCH,):
                self.reporter.fail(LossNotPerExample(span=expr.span, type=str(each.type)))
            weighted = self.builder.op("multiply", each, mask, hint="loss_total")
            total = self.builder.op("sum", weighted, axis=(0,), hint="loss_total")
            count = self.builder.op("sum", mask, axis=(0,), hint="loss_count")
            loss = self.builder.op("divide_no_nan", total, count)
        return loss, Sums("loss", None, {"total": total, "count": count})

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

    def _metrics(self, scope: Scope, mask: Value) -> list[Sums]:
        setting = self.settings.get("metrics")
        if setting is None:
            return []
        if not isinstance(setting.value, tree.List):
            self.reporter.fail(
                WrongType(
                    span=setting.value.span,
                    name="metrics",
                    wanted="a list of metrics",
                    got=f"`{setting.value.span.text}`",
                )
            )
        used: list[Sums] = []
        failed = False
        for item in setting.value.items:
            try:
                used.append(self._metric(item, scope, mask, {each.name for each in used}))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return used

    def _metric(self, item: Expr, scope: Scope, mask: Value, taken: set[str]) -> Sums:
        """`sparse_categorical_accuracy(label, digit)`."""
        if not isinstance(item, tree.Call):
            self.reporter.fail(
                NotAValue(
                    span=item.span, what=f"`{item.span.text}`", wanted="a metric of two tensors"
                )
            )
        cls = lookup("metric", item.func.id)
        if cls is None:
            self.reporter.fail(
                UnknownName.of(item.func.span, "metric", item.func.id, names("metric"))
            )
        env = Env(scope, Place(), kinds=("loss",))
        tensors = [a for a in item.args if a.name is None][:2]
        values = [self.elaborator.evaluator.tensor(a.value, env) for a in tensors]
        rest = replace(item, args=tuple(a for a in item.args if a not in tensors))
        invocation = self.elaborator.evaluator.evaluate(rest, env)
        if len(values) != 2:
            self.reporter.fail(
                NotAValue(
                    span=item.span, what=describe(invocation), wanted="a metric of two tensors"
                )
            )
        definition = self.elaborator.arguments.make("metric", invocation, item.span)
        assert isinstance(definition, Metric)
        name = item.func.id
        if name in taken or name == "loss":
            name = f"{values[1].value.hint}_{name}"
        if name in taken:
            self.reporter.fail(DuplicateName.of(item.span, "metric", name, item.span))
        with self.builder.at(item.span, name):
            try:
                sums = definition.update(self.builder, values[0].value, values[1].value, mask)
            except TypeRuleError as error:
                self.reporter.fail(BadOperation(span=item.span, message=str(error)))
        return Sums(name, definition, sums)

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


def _per_example(builder: Builder, each: Value) -> Value:
    """One number an example: the mean over time steps, pixels and the like."""
    rest = tuple(range(1, each.type.rank))
    if each.type.rank == 0 or not rest:
        return each
    return builder.op("mean", each, axis=rest)


def _fits(declared: TensorType, actual: TensorType) -> bool:
    """Whether data of a type can be an input of a declared type; names fit any size."""
    if declared.dtype != actual.dtype or declared.rank != actual.rank:
        return False
    pairs = zip(declared.shape, actual.shape, strict=True)
    return all(isinstance(want, str) or want == got for want, got in pairs)


def _results(used: list[Sums]) -> Func:
    """The function that turns the sums over a split into its loss and metrics."""
    builder = Builder()
    params: list[Value] = []
    returns: list[tuple[str, Value]] = []
    for each in used:
        values = {part: Value(f"{each.name}.{part}", v.type) for part, v in each.sums.items()}
        params += values.values()
        builder.hint = each.name
        if each.definition is None:
            result = builder.op("divide_no_nan", values["total"], values["count"])
        else:
            result = each.definition.result(builder, **values)
        returns.append((f"metric.{each.name}", result))
    return Func("results", tuple(params), tuple(builder.ops), tuple(returns))
