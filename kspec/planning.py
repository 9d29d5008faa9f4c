"""The plan of a compiled spec: what the runtime must know of it beside its Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kspec.codegen.externs import imported
from kspec.codegen.first_weights import draws_of
from kspec.compiler import Compiled
from kspec.data.lookups import looks_up
from kspec.diagnostics import Source, Span
from kspec.elaborate.values import Extern
from kspec.externs import ExternPlan
from kspec.ir import CONVOLUTIONS, TABLE, Call, Module, Op, Phase
from kspec.ir.extern import of_example
from kspec.ir.uses import definitions, rows_looked_up
from kspec.plan import Offsets, PhasePlan, Plan
from kspec.registry import lookup
from kspec.scored import scored


def make_plan(compiled: Compiled) -> Plan:
    """The plan of a compiled spec."""
    program = compiled.program
    train = program.module.train
    spec = compiled.source.name.rsplit("/", 1)[-1]
    interface = (program.module.name, spec, program.inputs, program.outputs, tuple(program.metrics))
    tables = tuple(w.path for w in program.module.weights if w.value.type.dtype == TABLE)
    looked = _looked_up(compiled.module)
    externs, draws = extern_plans(compiled), draws_of(compiled.module)
    if train is None or program.data is None:
        return Plan(*interface, data=None, tables=tables, draws=draws, externs=externs)
    return Plan(
        *interface,
        data=program.data.declaration,
        batch=train.batch,
        accumulate=train.accumulate,
        devices=train.devices,
        phases=tuple(_phase(compiled.module, phase) for phase in train.phases),
        seed=train.seed,
        shuffle=train.shuffle,
        loads=train.loads,
        convolves=any(op.name in CONVOLUTIONS for op in compiled.module.func("eval").walk()),
        fields=_offsets(program.data.spans, compiled.source),
        sources=_offsets({**program.data.sources, **_embeddings(looked)}, compiled.source),
        schedules=_schedules(train.phases),
        directions={name: way for name, way in program.metrics.items() if way},
        tables=tables,
        below={name: rows for name, (rows, _) in looked.items()},
        layers=program.layers,
        draws=draws,
        externs=externs,
        ragged=_ragged(compiled.module),
        scored=scored(program),
        choices=dict(train.choices),
    )


def _phase(module: Module, phase: Phase) -> PhasePlan:
    funcs = {func.name: func for func in module.funcs}
    step = funcs[phase.named("train")]
    fields: list[str] = []
    trunk = funcs.get(phase.named("trunk"))
    if trunk is not None:
        used = (step, funcs.get(phase.named("eval_tail"), step))
        names = [value.name for func in used for value in func.params]
        made = {name.removeprefix("trunk.") for name, _ in trunk.returns}
        fields = [name for name in dict.fromkeys(names) if name not in ("mask", "key", *made)]
    convolves = any(op.name in CONVOLUTIONS for op in step.walk())
    return PhasePlan(
        phase.name,
        phase.epochs,
        phase.callbacks,
        tuple(fields),
        convolves,
        rate=_rate(phase),
        carries=phase.carries,
    )


def _rate(phase: Phase) -> float | Call | None:
    rate = phase.optimizer.args.get("learning_rate")
    return rate if isinstance(rate, (float, Call)) else None


def _ragged(module: Module) -> dict[str, int]:
    """The parameters of the steps that have a ragged axis, each with its bound."""
    params = {value for func in module.funcs if func.name != "prepare" for value in func.params}
    found = {value.hint: value.type.bound for value in params}
    return {name: bound for name, bound in sorted(found.items()) if bound is not None}


def _looked_up(module: Module) -> dict[str, tuple[int, Span | None]]:
    """The rows of the embeddings that look up what the host makes, and their places."""
    made = {
        name.removeprefix("prepared.")
        for func in module.funcs
        if func.name == "prepare"
        for name, _ in func.returns
    }
    predict = module.func("predict")
    names = {value: value.name for value in predict.params if value.name in made}
    return rows_looked_up(predict.ops, definitions(predict), names)


def _embeddings(looked: Mapping[str, tuple[int, Span | None]]) -> dict[str, Span]:
    return {looks_up(name): span for name, (_, span) in looked.items() if span is not None}


def _schedules(phases: Iterable[Phase]) -> tuple[tuple[Call, int], ...]:
    """The schedules with their epochs: those of all phases that go on with an optimizer."""
    done: list[tuple[Call, int]] = []
    now: list[Call] = []
    epochs = 0
    for phase in phases:
        if not phase.carries:
            done += [(call, epochs) for call in now]
            epochs = 0
            optimizers = (phase.optimizer, *(call for call, _ in phase.groups))
            values = [value for call in optimizers for value in call.args.values()]
            now = [v for v in values if isinstance(v, Call) and lookup("schedule", v.name)]
        epochs += phase.epochs
    return (*done, *((call, epochs) for call in now))


def _offsets(spans: Mapping[str, Span], source: Source) -> Offsets:
    """The places that are in the spec itself; data may be declared in a file that it imports."""
    return {name: (s.start, s.end) for name, s in spans.items() if s.source == source}


def extern_plans(compiled: Compiled) -> tuple[ExternPlan, ...]:
    """Those that the program calls."""
    declared = {(e.script.path, e.name, str(e.type)): e for e in compiled.program.externs}
    modules = {(e.path, e.function): e.module for e in imported(compiled.module, ())}
    ops: dict[tuple[str, str, str], list[Op]] = {}
    for func in compiled.module.funcs:
        for op in func.walk():
            if op.name == "extern":
                attrs = (op.attrs["path"], op.attrs["function"], op.attrs["type"])
                ops.setdefault((str(attrs[0]), str(attrs[1]), str(attrs[2])), []).append(op)
    return tuple(_plan(compiled, declared[key], modules[key[:2]], ops[key]) for key in sorted(ops))


def scripts_of(compiled: Compiled) -> dict[str, str]:
    """The copies of the Python files that the program imports, by name."""
    texts = {e.script.path: e.script.text for e in compiled.program.externs}
    return {f"{e.module}.py": texts[e.path] for e in imported(compiled.module, ())}


def _plan(compiled: Compiled, extern: Extern, module: str, ops: Iterable[Op]) -> ExternPlan:
    span = extern.declared
    calls = {tuple(of_example(value.type) for value in op.args): None for op in ops}
    return ExternPlan(
        path=extern.script.path,
        function=extern.name,
        module=module,
        type=extern.type,
        sha256=extern.script.sha256,
        place=(span.start, span.end) if span.source == compiled.source else None,
        calls=tuple(
            call
            for call in calls
            if all(isinstance(axis, int) for type in call for axis in type.shape)
        ),
    )
