"""What the runtime must know of a compiled spec beside its Python: a plan, as JSON.

The compiled folder holds `model.py` and `plan.json`; nothing else is needed to train.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kspec.compiler import Compiled
from kspec.data.dataset import (
    DataDeclaration,
    Places,
    declaration_from_json,
    declaration_to_json,
)
from kspec.data.lookups import looks_up
from kspec.diagnostics import Source, Span
from kspec.ir import CONVOLUTIONS, TABLE, Call, Module, Phase, TensorType, read_call, show_call
from kspec.passes.rewrite import definitions, rows_looked_up
from kspec.registry import lookup

FORMAT: Final = 2
Offsets = Mapping[str, tuple[int, int]]  # the first character of a place, and the end


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """A part of training.

    Attributes:
        name: Its name, which its functions end in; empty where there is but one.
        epochs: Passes over the training split, at most.
        callbacks: What acts after an epoch.
    """

    name: str
    epochs: int
    callbacks: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A program's interface and how it is trained.

    Attributes:
        name: The model's name.
        spec: The spec's file name.
        inputs: The model's inputs, the batch axis first.
        outputs: The model's outputs.
        metrics: Names of the metrics, without `loss`.
        data: What to open for training; None for a model alone.
        batch: Examples in a batch.
        phases: The parts of training in their order; none for a model alone.
        seed: Of weights, shuffling and random ops.
        shuffle: Whether each epoch has an order of its own.
        loads: Files that weights are read from, each with the path of those weights.
        convolves: Whether a step has convolutions, which XLA runs slowly in a loop on CPUs.
        fields: Where the spec declares its data's fields, by name.
        sources: Where it names the data's sources, as in `Places`.
        schedules: Learning rate schedules, each with the epochs that it has.
        directions: Which way each metric is better, `min` or `max`, where that is known.
        tables: The paths of the vocabularies that are learned.
        below: What numbers that the host makes must be below: the rows of embeddings.
        layers: The name of each layer that has weights, by its path.
    """

    name: str
    spec: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    metrics: tuple[str, ...]
    data: DataDeclaration | None
    batch: int = 32
    phases: tuple[PhasePlan, ...] = ()
    seed: int = 0
    shuffle: bool = True
    loads: tuple[tuple[str, str], ...] = ()
    convolves: bool = False
    fields: Offsets = field(default_factory=dict[str, tuple[int, int]])
    sources: Offsets = field(default_factory=dict[str, tuple[int, int]])
    schedules: tuple[tuple[Call, int], ...] = ()
    directions: Mapping[str, str] = field(default_factory=dict[str, str])
    tables: tuple[str, ...] = ()
    below: Mapping[str, int] = field(default_factory=dict[str, int])
    layers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def trains(self) -> bool:
        """Whether the spec says how to train."""
        return bool(self.phases)

    @property
    def epochs(self) -> int:
        """Passes over the training split, at most, in all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def places(self, source: Source) -> Places:
        """Where the spec, whose text is `source`, declares its data."""

        def spans(offsets: Offsets) -> dict[str, Span]:
            return {name: Span(source, start, end) for name, (start, end) in offsets.items()}

        return Places(spans(self.fields), spans(self.sources))


def make_plan(compiled: Compiled) -> Plan:
    """The plan of a compiled spec."""
    program = compiled.program
    train = program.module.train
    spec = compiled.source.name.rsplit("/", 1)[-1]
    interface = (program.module.name, spec, program.inputs, program.outputs, tuple(program.metrics))
    tables = tuple(w.path for w in program.module.weights if w.value.type.dtype == TABLE)
    looked = _looked_up(compiled.module)
    if train is None or program.data is None:
        return Plan(*interface, data=None, tables=tables)
    return Plan(
        *interface,
        data=program.data.declaration,
        batch=train.batch,
        phases=tuple(PhasePlan(p.name, p.epochs, p.callbacks) for p in train.phases),
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
    )


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


def plan_to_json(plan: Plan) -> str:
    """The plan as text; the same plan gives the same text."""
    return (
        json.dumps(
            {
                "format": FORMAT,
                "name": plan.name,
                "spec": plan.spec,
                "inputs": _types_to_json(plan.inputs),
                "outputs": _types_to_json(plan.outputs),
                "metrics": plan.metrics,
                "directions": dict(plan.directions),
                "data": None if plan.data is None else declaration_to_json(plan.data),
                "batch": plan.batch,
                "phases": [
                    {
                        "name": p.name,
                        "epochs": p.epochs,
                        "callbacks": list(map(show_call, p.callbacks)),
                    }
                    for p in plan.phases
                ],
                "seed": plan.seed,
                "shuffle": plan.shuffle,
                "loads": [list(pair) for pair in plan.loads],
                "convolves": plan.convolves,
                "fields": {name: list(place) for name, place in plan.fields.items()},
                "sources": {name: list(place) for name, place in plan.sources.items()},
                "tables": list(plan.tables),
                "below": dict(plan.below),
                "layers": dict(plan.layers),
                "schedules": [[show_call(call), epochs] for call, epochs in plan.schedules],
            },
            indent=2,
        )
        + "\n"
    )


def plan_from_json(text: str) -> Plan:
    """Read a plan.

    Raises:
        ValueError: It is no plan, or one of another format.
    """
    try:
        raw = json.loads(text)
        if raw["format"] != FORMAT:
            raise ValueError(f"its format is {raw['format']}, and this kspec reads {FORMAT}")
        return Plan(
            name=raw["name"],
            spec=raw["spec"],
            inputs=_types_from_json(raw["inputs"]),
            outputs=_types_from_json(raw["outputs"]),
            metrics=tuple(raw["metrics"]),
            data=None if raw["data"] is None else declaration_from_json(raw["data"]),
            batch=raw["batch"],
            phases=tuple(
                PhasePlan(p["name"], p["epochs"], tuple(map(read_call, p["callbacks"])))
                for p in raw["phases"]
            ),
            seed=raw["seed"],
            shuffle=raw["shuffle"],
            loads=tuple((path, file) for path, file in raw["loads"]),
            convolves=raw["convolves"],
            fields={name: (at[0], at[1]) for name, at in raw["fields"].items()},
            sources={name: (at[0], at[1]) for name, at in raw["sources"].items()},
            schedules=tuple((read_call(call), n) for call, n in raw.get("schedules", ())),
            directions=raw.get("directions", {}),  # runs from before have none
            tables=tuple(raw.get("tables", ())),
            below=raw.get("below", {}),
            layers=raw.get("layers", {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no plan of kspec: {error!r}") from None


def _types_to_json(types: Mapping[str, TensorType]) -> dict[str, Any]:
    return {name: {"dtype": t.dtype, "shape": list(t.shape)} for name, t in types.items()}


def _types_from_json(raw: Mapping[str, Any]) -> dict[str, TensorType]:
    return {name: TensorType(t["dtype"], tuple(t["shape"])) for name, t in raw.items()}
