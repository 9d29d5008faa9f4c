"""The train block: model and data meet, the loss and the metrics are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar, cast

from kspec.callbacks.base import Mode
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    LossNotPerExample,
    UnknownName,
)
from kspec.diagnostics.record import Node
from kspec.elaborate.augment import Augmentation
from kspec.elaborate.callbacks import Callbacks
from kspec.elaborate.data import Data
from kspec.elaborate.example_weights import ExampleWeights, Weighing
from kspec.elaborate.expressions import LOSS_KINDS, Env
from kspec.elaborate.fields import Fields
from kspec.elaborate.lints import stretched_labels
from kspec.elaborate.means import masked_mean, per_example
from kspec.elaborate.metrics import Metrics, Sums, results
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.phases import Phases, load_places, read_loads
from kspec.elaborate.reporter import Failed, attempt
from kspec.elaborate.resolve import resolved_settings
from kspec.elaborate.scalars import SCALARS, Scalars, read_scalars
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import BlockValue, Meaning, Ref
from kspec.ir import BATCH, Attr, Builder, Call, Func, TrainSettings, Value, show_call
from kspec.syntax import tree

SETTINGS = (
    "model",
    "data",
    "loss",
    "class_weight",
    "sample_weight",
    "metrics",
    "weighted_metrics",
    "optimizer",
    "batch",
    "accumulate",
    "devices",
    "epochs",
    "seed",
    "shuffle",
    "precision",
    "memory",
)


PRECISIONS: Final = ("float32", "mixed_bfloat16")
T = TypeVar("T")


class Training(Node):
    """An elaborated train block.

    Attributes:
        model: The model's name.
        model_graph: Its inputs and outputs.
        data: The data block.
        graph: Everything a step may need: outputs, loss, sums of metrics.
        results: Metrics from sums.
        settings: What the step and its loop need.
        metrics: The metrics in order, each with the way in which it is better, if that is known.
        resolved: The block's settings with defaults written out.
    """

    model: str
    model_graph: Graph
    data: Data
    graph: Func
    results: Func
    settings: TrainSettings
    metrics: Mapping[str, Mode | None]
    resolved: tuple[tree.TrainItem, ...]


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
        self.settings = Settings(self.reporter, "train", decl.name_span, decl.settings, SETTINGS)

    def elaborate(self) -> Training:
        missing = False
        for key in ("model", "data", "loss", "optimizer"):
            try:
                self.settings.require(key)
            except Failed:
                missing = True
        scalars = attempt(self._scalars)
        precision = attempt(self._precision)
        memory = attempt(self._memory)
        optimizer = attempt(self._optimizer)
        data = attempt(self._data)
        block = attempt(self._model)
        augmentation = Augmentation(self.elaborator, data) if data else None
        self.elaborator.padding.bucketed = bool(data and data.declaration.buckets)
        graph = attempt(lambda: self.elaborator.model(block, augmentation)) if block else None
        if missing or not (scalars and optimizer and data and block and graph and augmentation):
            raise Failed
        if precision is None or memory is None:
            raise Failed
        fields = Fields(self.elaborator, data, graph, block.decl, augmentation)
        scope = fields.scope()
        mask = self.builder.examples
        start = len(self.builder.ops)
        loss, sums, weights = self._loss(scope, mask, fields)
        classes = fields.classes()
        for compared in self.elaborator.applier.compared:
            classes.check(*compared)
        metrics = Metrics(self.elaborator, scope, mask, classes, weights)
        used = [sums, *metrics.read_all(self.settings)]
        self._look_for_stretched_labels(start, graph, fields)
        found = results(used)
        callbacks = Callbacks(self.elaborator, used, found, data)
        settings = replace(
            self._settings(optimizer, scalars, callbacks), precision=precision, memory=memory
        )
        func = self._graph(graph, fields.values, mask, loss, used)
        return Training(
            model=block.decl.name,
            model_graph=graph,
            data=self._places(weights.settle(fields.looked_up(classes.scores))),
            graph=func,
            results=found,
            settings=settings,
            metrics={each.name: each.direction for each in used[1:]},
            resolved=resolved_settings(self.decl, self.settings, optimizer, scalars),
        )

    def _look_for_stretched_labels(self, start: int, graph: Graph, fields: Fields) -> None:
        """Warn of labels that the ops of the loss and the metrics stretch."""
        outputs = {output.value: name for name, output in graph.outputs.items()}
        seen = {name: tensor.value for name, tensor in fields.seen.items()}
        names = {value: name for name, value in seen.items() if value not in outputs}
        for odd in stretched_labels(self.builder.ops[start:], self.builder, names, outputs):
            self.reporter.report(odd)

    def _places(self, data: Data) -> Data:
        """The data, with the places of all that the runtime may have something to say about."""
        places = {**data.sources, **load_places(self.decl)}
        places["optimizer"] = self.settings.require("optimizer").value.span
        written = self.settings.get("memory")
        places |= {"memory": written.value.span} if written else {}
        shared = self.settings.get("devices")
        places |= {"devices": shared.value.span} if shared else {}
        made: dict[Span, tuple[str, dict[str, Attr]]] = {}
        for choice in self.elaborator.arguments.choices:
            if choice.kind == "schedule":
                _, args = made.setdefault(choice.call, (choice.callee, {}))
                args[choice.name] = cast("Attr", choice.value)
        for span, (name, args) in made.items():
            places[f"schedule {show_call(Call(name, args))}"] = span
        return data.replace(sources=places)

    def _meaning(self, key: str, scope: Scope | None = None) -> Meaning:
        setting = self.settings.require(key)
        env = Env(scope or self.elaborator.file_scope, Place())
        return self.elaborator.evaluator.evaluate(setting.value, env)

    def _scalars(self) -> Scalars:
        written = (key for key in SCALARS if self.settings.get(key))
        return read_scalars(self.settings, {key: self._meaning(key) for key in written})

    def _precision(self) -> str:
        setting = self.settings.get("precision")
        if setting is None:
            return PRECISIONS[0]
        value = self._meaning("precision")
        name = value.name if isinstance(value, Ref) else value
        if not isinstance(name, str) or name not in PRECISIONS:
            span = setting.value.span
            self.reporter.fail(UnknownName.of(span, "precision", span.text, PRECISIONS))
        return name

    def _memory(self) -> int:
        written = self.settings.get("memory")
        meanings = {"memory": self._meaning("memory")} if written else {}
        return self.settings.size("memory", meanings)

    def _optimizer(self) -> Call:
        value = self._meaning("optimizer")
        span = self.settings.require("optimizer").value.span
        return self.elaborator.arguments.make("optimizer", value, span).call()

    def _settings(self, optimizer: Call, scalars: Scalars, callbacks: Callbacks) -> TrainSettings:
        """How it is trained, phase by phase."""
        phases = Phases(
            self.elaborator, callbacks, optimizer, scalars["epochs"], self.settings.span
        )
        loads = attempt(lambda: read_loads(self.decl, self.elaborator))
        read = attempt(lambda: phases.read(self.decl))
        if loads is None or read is None:
            raise Failed
        return TrainSettings(
            scalars["batch"],
            read,
            scalars["seed"],
            scalars["shuffle"],
            loads,
            accumulate=scalars["accumulate"],
            devices=scalars["devices"],
        )

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

    def _loss(
        self, scope: Scope, mask: Value, fields: Fields
    ) -> tuple[Value, Sums, ExampleWeights]:
        """The mean over the batch's real examples, what an epoch's mean needs, and weights."""
        expr = self.settings.require("loss").value
        env = Env(scope, Place(), "loss", kinds=LOSS_KINDS)
        start = len(self.builder.ops)
        tensor = self.elaborator.evaluator.tensor(expr, env)
        each = tensor.value
        reader = Weighing(self.elaborator, self.settings, fields)
        weights = attempt(lambda: reader.read(tensor, self.builder.ops[start:]))
        weights = weights or ExampleWeights(self.builder)
        with self.builder.at(expr.span, "loss"):
            if each.type.is_float:
                each = per_example(self.builder, tensor, mask)
            if not each.type.is_float or each.type.shape != (BATCH,):
                self.reporter.fail(LossNotPerExample(span=expr.span, type=str(each.type)))
            sums = masked_mean(self.builder, weights.weigh(each), mask, "loss", tensor, mask)
            loss = self.builder.op("divide_no_nan", sums["total"], sums["count"])
        return loss, Sums("loss", None, sums), weights

    def _graph(
        self,
        graph: Graph,
        fields: Mapping[str, Value],
        mask: Value,
        loss: Value,
        used: list[Sums],
    ) -> Func:
        returns = [(f"output.{name}", out.value) for name, out in graph.outputs.items()]
        returns.append(("loss", loss))
        for each in used:
            returns += [(f"sum.{each.name}.{part}", v) for part, v in each.sums.items()]
        weights = self.elaborator.weights
        returns += [(f"penalty.{path}", value) for path, value in weights.penalties.items()]
        returns += [(f"update.{w.name}", new) for w, new in self.builder.updates.items()]
        returns += [(f"learn.{w.name}", value) for w, value in self.builder.learned.items()]
        lengths, ops = self.elaborator.padding.needed(self.builder.ops, dict(returns).values())
        read = {value for op in ops for value in op.uses}
        inputs = [tensor.value for tensor in graph.inputs.values()]
        labels = [v for v in fields.values() if v not in inputs and v in read]
        return Func("graph", (*inputs, *labels, *lengths, mask), ops, tuple(returns))
