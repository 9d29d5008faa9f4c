"""The metrics of a train block: what each batch adds, and what the sums come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from kspec.callbacks.base import Mode
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    BadOperation,
    DuplicateName,
    LossNotPerExample,
    MetricIsNoOp,
    NotAValue,
    UnknownName,
    WrongOperandCount,
    WrongType,
)
from kspec.diagnostics.lints import NoEffect
from kspec.diagnostics.record import Node
from kspec.elaborate.example_weights import ExampleWeights
from kspec.elaborate.expressions import LOSS_KINDS, Env
from kspec.elaborate.fit import Classes, check_form
from kspec.elaborate.lints import padding_counted, threshold_on_scores
from kspec.elaborate.means import masked_mean, per_example, step_sums
from kspec.elaborate.models import Elaborator
from kspec.elaborate.records import entries
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import Tensor, describe
from kspec.ir import BATCH, Builder, Func, TypeRuleError, Value
from kspec.layers.masks import both
from kspec.metrics.base import Metric
from kspec.registry import lookup, names
from kspec.syntax import tree
from kspec.syntax.tree import Expr

WEIGHTED: Final = "weighted_metrics"


class Sums(Node):
    """One metric in use: its name, its definition, and what a batch adds."""

    name: str
    definition: Metric | None  # None for a mean over the examples, as the loss is
    sums: Mapping[str, Value]

    @property
    def direction(self) -> Mode | None:
        """Which way it is better, if that is known."""
        if self.definition is not None:
            return self.definition.best
        return "min" if self.name == "loss" else None


class Metrics:
    """Reads metrics.

    Args:
        elaborator: The program being written.
        scope: The fields and outputs.
        mask: 1 for each real example of the batch, 0 for padding.
        classes: Checks the scores of the model against the classes of a label.
        weights: How much each example counts in weighted metrics.
    """

    def __init__(
        self,
        elaborator: Elaborator,
        scope: Scope,
        mask: Value,
        classes: Classes,
        weights: ExampleWeights,
    ) -> None:
        self.evaluator = elaborator.evaluator
        self.arguments = elaborator.arguments
        self.reporter = elaborator.reporter
        self.builder = elaborator.builder
        self.env = Env(scope, Place(), kinds=LOSS_KINDS)
        self.mask = mask
        self.classes = classes
        self.weights = weights
        self.weight = mask
        self.prefix = ""

    def read_all(self, settings: Settings) -> list[Sums]:
        """Those of `metrics`, then those of `weighted_metrics`. Raises Failed after reporting."""
        used: list[Sums] = []
        for key in ("metrics", WEIGHTED):
            setting = settings.get(key)
            if setting is None:
                continue
            if key == WEIGHTED:
                self._weigh(setting)
            used += self._read(key, setting.value, {each.name for each in used})
        return used

    def _weigh(self, setting: tree.Setting) -> None:
        """Let the weights of the examples count from here on."""
        if not self.weights:
            reason = "there is neither `sample_weight` nor `class_weight`"
            self.reporter.report(NoEffect(span=setting.key_span, what=WEIGHTED, reason=reason))
        self.prefix = "weighted_"
        with self.builder.at(setting.span, "weight"):
            self.weight = self.weights.weigh(self.mask)

    def _read(self, key: str, setting: Expr, names: set[str]) -> list[Sums]:
        """A list of metrics, or a record that gives them names of their own."""
        if isinstance(setting, tree.Record):
            items = [(entry.key, entry.value) for entry in entries(setting, self.reporter)]
        elif isinstance(setting, tree.List):
            items = [(None, item) for item in setting.items]
        else:
            self.reporter.fail(
                WrongType(
                    span=setting.span,
                    name=key,
                    wanted="a list of metrics",
                    got=f"`{setting.span.text}`",
                )
            )
        used: list[Sums] = []
        failed = False
        for name, item in items:
            try:
                used.append(self._metric(name, item, names | {each.name for each in used}))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return used

    def _metric(self, name: str | None, item: Expr, taken: set[str]) -> Sums:
        if name is not None and name in (*taken, "loss"):
            self.reporter.fail(DuplicateName.of(item.span, "metric", name, item.span))
        if isinstance(item, tree.Call) and (name is None or lookup("metric", item.func.id)):
            return self._named(name, item, taken)
        if name is None:
            self.reporter.fail(
                NotAValue(
                    span=item.span,
                    what=f"`{item.span.text}`",
                    wanted=_wanted(item, "a metric of two tensors, or `{ name: an expression }`"),
                )
            )
        tensor = self.evaluator.tensor(item, replace(self.env, hint=name))
        with self.builder.at(item.span, name):
            steps = step_sums(self.builder, tensor, self.weight, name)
            if steps is not None:
                return Sums(name, None, steps)
            value = per_example(self.builder, tensor, self.mask)
            if value.type.shape != (BATCH,):
                self.reporter.fail(LossNotPerExample(span=item.span, type=str(value.type)))
            if not value.type.is_float:
                value = self.builder.op("cast", value, dtype="f32")
            sums = masked_mean(self.builder, value, self.weight, name, tensor, self.mask)
            return Sums(name, None, sums)

    def _named(self, name: str | None, item: tree.Call, taken: set[str]) -> Sums:
        """`sparse_categorical_accuracy(label, digit)`."""
        cls = lookup("metric", item.func.id)
        if cls is None:
            self.reporter.fail(
                UnknownName.of(item.func.span, "metric", item.func.id, names("metric"))
            )
        assert issubclass(cls, Metric)
        self._check_no_op(cls, item)
        by_place = [a for a in item.args if a.name is None]
        tensors = by_place[: cls.operands]
        operands = [self.evaluator.tensor(a.value, self.env) for a in tensors]
        self._check_no_tensors(cls, by_place[cls.operands :], item.span)
        values = [operand.value for operand in operands]
        rest = item.replace(args=tuple(a for a in item.args if a not in tensors))
        invocation = self.evaluator.evaluate(rest, replace(self.env, kinds=("metric",)))
        if len(values) != cls.operands:
            self.reporter.fail(
                NotAValue(span=item.span, what=describe(invocation), wanted=_of_tensors(cls))
            )
        definition = self.arguments.make("metric", invocation, item.span)
        assert isinstance(definition, Metric)
        if len(operands) == 2:
            self._check_labels(definition, operands[0], operands[1], item.span)
        if name is None:
            name = self._free_name(item, values[-1].hint, taken)
        with self.builder.at(item.span, name):
            try:
                sums = self._update(definition, operands, item.span)
            except TypeRuleError as error:
                self.reporter.fail(BadOperation(span=item.span, message=str(error)))
        return Sums(name, definition, sums)

    def _check_no_tensors(self, cls: type[Metric], more: list[tree.Argument], span: Span) -> None:
        """Behind its operands a metric takes no tensor, as Keras takes weights there."""
        env = replace(self.env, kinds=("metric",)).inner()
        found = [self.evaluator.evaluate(each.value, env) for each in more]
        tensors = sum(isinstance(each, Tensor) for each in found)
        if tensors:
            count = cls.operands + tensors
            self.reporter.fail(
                WrongOperandCount(span=span, layer=cls.name, wanted=str(cls.operands), got=count)
            )

    def _update(self, metric: Metric, operands: list[Tensor], span: Span) -> Mapping[str, Value]:
        """What a batch adds; where labels are ragged or steps are masked, what steps add."""
        b, values = self.builder, [operand.value for operand in operands]
        for value in values:
            if value.type.shape[:1] != (BATCH,):
                raise TypeRuleError(f"{value.type} is the same for every example")
        *truth, guess = operands
        ragged = truth[0].mask if truth else None
        maker = b.makers.get(ragged) if ragged is not None else None
        if maker is None or maker.name != "length_mask":
            ragged = None
        steps = both(b, ragged, guess.mask)
        if steps is not None and (ragged is not None or metric.masked):
            return metric.update_steps(b, *values, weight=self.weight, steps=steps)
        if steps is not None:
            self.reporter.report(padding_counted(metric, guess.value.hint, span))
        return metric.update(b, *values, weight=self.weight)

    def _free_name(self, item: tree.Call, output: str, taken: set[str]) -> str:
        """The metric's name; where it is taken with `weighted_` or the output before it."""
        name = item.func.id
        tries = [name, f"{output}_{name}"]
        if self.prefix:
            tries[1:] = [f"{self.prefix}{name}", f"{output}_{self.prefix}{name}"]
        for each in tries:
            if each not in taken and each != "loss":
                return each
        self.reporter.fail(DuplicateName.of(item.span, "metric", tries[-1], item.span))

    def _check_labels(self, metric: Metric, truth: Tensor, guess: Tensor, span: Span) -> None:
        """Report labels of another form, and scores where probabilities are meant."""
        check_form(type(metric), (truth, guess), span, self.builder, self.reporter)
        self.classes.check(metric, truth, guess, span)
        odd = threshold_on_scores(metric, guess.value, span, self.builder.makers)
        if odd is not None:
            self.reporter.report(odd)

    def _check_no_op(self, cls: type[Metric], item: tree.Call) -> None:
        """An op of a metric's name, as in `mean(x, axis=-1)`, stands inside of a metric."""
        meant = lookup("op", cls.name)
        if meant is None:
            return
        own = {arg.name for arg in cls.args}
        by_place = [arg for arg in item.args if arg.name is None][cls.operands + len(own) :]
        for argument in (*by_place, *(arg for arg in item.args if arg.name is not None)):
            name = argument.name or next(iter(meant.args), argument).name
            if name is not None and name not in own:
                self.reporter.fail(
                    MetricIsNoOp(
                        span=argument.name_span or argument.value.span,
                        name=cls.name,
                        argument=name,
                        text=item.span.text,
                    )
                )


def _of_tensors(cls: type[Metric]) -> str:
    return "a metric of two tensors" if cls.operands == 2 else "a metric of one tensor"


def _wanted(item: Expr, otherwise: str) -> str:
    """What a list of metrics needs in the place of an item."""
    cls = lookup("metric", item.id) if isinstance(item, tree.Name) else None
    if cls is None or not issubclass(cls, Metric) or cls.operands == 2:
        return otherwise
    return _of_tensors(cls)


def results(used: Iterable[Sums]) -> Func:
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
