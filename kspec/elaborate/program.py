"""From a syntax tree to a program: the front door of elaboration.

The result holds one function, `graph`, with everything that a step may need: outputs,
the loss, and what each metric adds up; and `results`, which turns sums into metrics.
Passes derive the functions of training, evaluation and prediction from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kspec.callbacks.base import Mode
from kspec.diagnostics import Diagnostic, SpecError
from kspec.diagnostics.errors import (
    AmbiguousModel,
    DuplicateName,
    UnknownName,
    UnknownOverride,
)
from kspec.diagnostics.lints import UnusedField, UnusedName, unsilenced
from kspec.diagnostics.record import Node
from kspec.elaborate.arguments import Choice
from kspec.elaborate.data import Data
from kspec.elaborate.files import Files, NoFiles, Reader
from kspec.elaborate.lints import odd_ops, unused_fields, unused_names
from kspec.elaborate.models import Elaborator, Graph
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.train import Training, elaborate_train
from kspec.elaborate.values import BlockValue, Extern
from kspec.ir import Func, Module, Part, TensorType, Value
from kspec.ir.uses import live_ops
from kspec.syntax import tree
from kspec.syntax.tree import Expr, Spec

# What is declared for the whole file.
_DECLARED: Final = ("param", "block", "model", "data block", "import", "extern")


class Program(Node):
    """What elaboration makes of a spec.

    Attributes:
        module: The IR, before any pass.
        inputs: The model's inputs by name, the batch axis first.
        outputs: The model's outputs by name.
        data: The data block that training uses; None for a model alone.
        metrics: The metrics in the order of the spec, without `loss`, each with the way in which
            it is better, if that is known.
        spec: The spec with overrides and defaults written out.
        warnings: What is odd but no mistake.
        choices: Every argument of every layer, loss, ..., and where it was chosen.
        trains: The names of the spec's train blocks.
        parts: The parts of the model that each value was made in, outermost first.
        layers: The name of each layer that has weights, by its path.
        externs: The functions of Python files that it declares, those that it imports included.
    """

    module: Module
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    data: Data | None
    metrics: Mapping[str, Mode | None]
    spec: Spec
    warnings: tuple[Diagnostic, ...] = ()
    choices: tuple[Choice, ...] = ()
    trains: tuple[str, ...] = ()
    parts: Mapping[Value, tuple[Part, ...]] = MappingProxyType({})
    layers: Mapping[str, str] = MappingProxyType({})
    externs: tuple[Extern, ...] = ()


def elaborate(
    spec: Spec,
    overrides: Mapping[str, Expr] | None = None,
    reader: Reader | None = None,
    train: str | None = None,
) -> Program:
    """Give a spec its meaning. Of several train blocks each is checked.

    Args:
        spec: The syntax tree.
        overrides: Expressions that take the place of a `param`'s default, by its name, or
            of a setting of the train block, as `train.epochs`.
        reader: Reads the files that the spec imports and takes functions from.
        train: The train block that the program is for; the first one by default.

    Raises:
        SpecError: With all mistakes that were found.
    """
    reader = reader or NoFiles()
    blocks = _train_blocks(spec)
    if train is not None and train not in blocks:
        raise SpecError((UnknownName.of(None, "train block", train, blocks),))
    programs: list[Program] = []
    mistakes: dict[Diagnostic, None] = {}
    for block in blocks.values() or (None,):
        kept = (d for d in spec.declarations if d is block or not isinstance(d, tree.TrainDecl))
        try:
            programs.append(_elaborate(spec.replace(declarations=tuple(kept)), overrides, reader))
        except SpecError as error:
            mistakes |= dict.fromkeys(error.diagnostics)
    if mistakes:
        raise SpecError(tuple(mistakes))
    odd = {w: None for each in programs for w in each.warnings if _holds(w, programs)}
    chosen = programs[0 if train is None else list(blocks).index(train)]
    return chosen.replace(warnings=tuple(odd), trains=tuple(blocks))


def _holds(warning: Diagnostic, programs: list[Program]) -> bool:
    """Whether it is odd for all train blocks: what one does not use another may."""
    declared = isinstance(warning, UnusedName) and warning.kind in _DECLARED
    if not declared and not isinstance(warning, UnusedField):
        return True
    return all(warning in each.warnings for each in programs)


def _train_blocks(spec: Spec) -> dict[str, tree.TrainDecl]:
    """The train blocks by name. Raises SpecError for two of one name."""
    blocks: dict[str, tree.TrainDecl] = {}
    for declaration in spec.declarations:
        if isinstance(declaration, tree.TrainDecl):
            name, span = declaration.name, declaration.name_span
            if name in blocks:
                first = blocks[name].name_span
                raise SpecError((DuplicateName.of(span, "train block", name, first),))
            blocks[name] = declaration
    return blocks


def _elaborate(spec: Spec, overrides: Mapping[str, Expr] | None, reader: Reader) -> Program:
    """The program of a spec with one train block or none."""
    reporter = Reporter()
    elaborator = Elaborator(reporter)
    spec = _override(spec, overrides or {}, reporter)
    try:
        files = Files(elaborator, reader)
        program = _program(spec, elaborator, files)
    except Failed:
        reporter.finish()
        raise AssertionError("a failure was not reported; this is a bug in kspec") from None
    reporter.finish()
    choices = tuple(dict.fromkeys(elaborator.arguments.choices))
    return program.replace(
        warnings=_warnings(program, elaborator),
        choices=choices,
        externs=tuple(files.externs),
        parts=elaborator.builder.parts,
        layers=dict(elaborator.weights.layers),
    )


def _warnings(program: Program, elaborator: Elaborator) -> tuple[Diagnostic, ...]:
    """What is odd in a program without mistakes."""
    builder, reporter = elaborator.builder, elaborator.reporter
    found = [*reporter.diagnostics, *unused_names(elaborator.file_scope.ledger)]
    found += odd_ops(builder.ops, builder.makers)
    if program.data is not None:
        used = [value.hint for value in program.module.func("graph").params]
        found += unused_fields(program.data.spans, used)
        blocks = [d for d in program.spec.declarations if isinstance(d, tree.DataDecl)]
        unused = [block for block in blocks if block.name != program.data.name]
        found += [UnusedName(span=b.name_span, kind="data block", name=b.name) for b in unused]
    return unsilenced(found)


def _override(spec: Spec, overrides: Mapping[str, Expr], reporter: Reporter) -> Spec:
    """The spec with other values for params and settings of the train block."""
    declarations: list[tree.Declaration] = []
    left = dict(overrides)
    known: list[str] = []
    for declaration in spec.declarations:
        if isinstance(declaration, tree.ParamDecl):
            known.append(declaration.name)
            default = left.pop(declaration.name, declaration.default)
            declaration = declaration.replace(default=default)
        elif isinstance(declaration, tree.TrainDecl):
            declaration, names = _override_train(declaration, left)
            known += names
        declarations.append(declaration)
    for name, value in left.items():
        reporter.report(UnknownOverride.of(value.span, name, known))
    return spec.replace(declarations=tuple(declarations))


def _override_train(
    train: tree.TrainDecl, left: dict[str, Expr]
) -> tuple[tree.TrainDecl, list[str]]:
    items: list[tree.TrainItem] = []
    known: list[str] = []
    for item in train.items:
        if isinstance(item, tree.Setting):
            known.append(f"train.{item.key}")
            item = item.replace(value=left.pop(known[-1], item.value))
        items.append(item)
    for name in [name for name in left if name.startswith("train.")]:
        key = name.removeprefix("train.")
        value = left.pop(name)
        items.append(tree.Setting(key, value.span, value, value.span))
    return train.replace(items=tuple(items)), known


def _program(spec: Spec, elaborator: Elaborator, files: Files) -> Program:
    files.bind(spec, elaborator.file_scope)
    train = next((d for d in spec.declarations if isinstance(d, tree.TrainDecl)), None)
    if train is None:
        return _model_alone(spec, elaborator)
    training = elaborate_train(elaborator, train, files.data)
    resolved = _resolve(spec, train, training)
    module = Module(
        name=training.model,
        weights=tuple(elaborator.weights.weights.values()),
        funcs=(training.graph, training.results, *_limits(elaborator)),
        train=training.settings,
    )
    return _finish(module, training.model_graph, training.data, training.metrics, resolved)


def _model_alone(spec: Spec, elaborator: Elaborator) -> Program:
    """A spec without training: its one model can predict."""
    models = [d for d in spec.declarations if isinstance(d, tree.ModelDecl) and not d.is_block]
    if models and len({model.name for model in models}) < len(models):
        raise Failed  # a name that is there twice is reported already
    if len(models) != 1:
        elaborator.reporter.fail(
            AmbiguousModel(
                span=models[1].name_span if models else None,
                models=", ".join(model.name for model in models) or "none",
            )
        )
    binding = elaborator.file_scope.find(models[0].name)
    if binding is None or not isinstance(binding.meaning, BlockValue):
        raise Failed  # something else has its name, which is reported
    graph = elaborator.model(binding.meaning)
    outputs = {f"output.{name}": out.value for name, out in graph.outputs.items()}
    ops = live_ops(elaborator.builder.ops, outputs.values())  # without penalties
    mask = elaborator.builder.examples  # of layers that mix examples, which predicting does not
    used = any(mask in op.uses for op in ops)
    lengths, _ = elaborator.padding.needed(ops, outputs.values())
    inputs = (tensor.value for tensor in graph.inputs.values())
    params = (*inputs, *lengths, *((mask,) if used else ()))
    func = Func("graph", params, tuple(ops), tuple(outputs.items()))
    weights = tuple(elaborator.weights.weights.values())
    return _finish(Module(models[0].name, weights, (func,)), graph, None, {}, spec)


def _limits(elaborator: Elaborator) -> tuple[Func, ...]:
    """What the constraints make of weights, if there are any."""
    weights = elaborator.weights
    if not weights.limited:
        return ()
    return (Func("constrain", (), tuple(weights.limits.ops), tuple(weights.limited.items())),)


def _finish(
    module: Module,
    graph: Graph,
    data: Data | None,
    metrics: Mapping[str, Mode | None],
    spec: Spec,
) -> Program:
    return Program(
        module=module,
        inputs=graph.types,
        outputs={name: out.value.type for name, out in graph.outputs.items()},
        data=data,
        metrics=metrics,
        spec=spec,
    )


def _resolve(spec: Spec, train: tree.TrainDecl, training: Training) -> Spec:
    """The spec with the train block's defaults written out."""
    declarations = [
        train.replace(items=training.resolved) if d is train else d for d in spec.declarations
    ]
    return spec.replace(declarations=tuple(declarations))
