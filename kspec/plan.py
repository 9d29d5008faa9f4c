"""What the runtime must know of a compiled spec beside its Python: a plan, as JSON.

The compiled folder holds `model.py` and `plan.json`; nothing else is needed to train.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kspec.compiler import Compiled
from kspec.data.dataset import (
    DataDeclaration,
    Places,
    declaration_from_json,
    declaration_to_json,
)
from kspec.diagnostics import Source, Span
from kspec.ir import TensorType

FORMAT: Final = 1
Offsets = Mapping[str, tuple[int, int]]  # the first character of a place, and the end


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
        epochs: Passes over the training split.
        seed: Of weights, shuffling and random ops.
        shuffle: Whether each epoch has an order of its own.
        trains: Whether the spec says how to train.
        convolves: Whether a step has convolutions, which XLA runs slowly in a loop on CPUs.
        fields: Where the spec declares its data's fields, by name.
        sources: Where it names the data's sources, as in `Places`.
    """

    name: str
    spec: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    metrics: tuple[str, ...]
    data: DataDeclaration | None
    batch: int = 32
    epochs: int = 1
    seed: int = 0
    shuffle: bool = True
    trains: bool = False
    convolves: bool = False
    fields: Offsets = field(default_factory=dict[str, tuple[int, int]])
    sources: Offsets = field(default_factory=dict[str, tuple[int, int]])

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
    interface = (program.module.name, spec, program.inputs, program.outputs, program.metrics)
    if train is None or program.data is None:
        return Plan(*interface, data=None)
    return Plan(
        *interface,
        data=program.data.declaration,
        batch=train.batch,
        epochs=train.epochs,
        seed=train.seed,
        shuffle=train.shuffle,
        trains=True,
        convolves=any(op.name == "conv" for op in compiled.module.func("train").ops),
        fields=_offsets(program.data.spans, compiled.source),
        sources=_offsets(program.data.sources, compiled.source),
    )


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
                "data": None if plan.data is None else declaration_to_json(plan.data),
                "batch": plan.batch,
                "epochs": plan.epochs,
                "seed": plan.seed,
                "shuffle": plan.shuffle,
                "trains": plan.trains,
                "convolves": plan.convolves,
                "fields": {name: list(place) for name, place in plan.fields.items()},
                "sources": {name: list(place) for name, place in plan.sources.items()},
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
            epochs=raw["epochs"],
            seed=raw["seed"],
            shuffle=raw["shuffle"],
            trains=raw["trains"],
            convolves=raw["convolves"],
            fields={name: (at[0], at[1]) for name, at in raw["fields"].items()},
            sources={name: (at[0], at[1]) for name, at in raw["sources"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no plan of kspec: {error!r}") from None


def _types_to_json(types: Mapping[str, TensorType]) -> dict[str, Any]:
    return {name: {"dtype": t.dtype, "shape": list(t.shape)} for name, t in types.items()}


def _types_from_json(raw: Mapping[str, Any]) -> dict[str, TensorType]:
    return {name: TensorType(t["dtype"], tuple(t["shape"])) for name, t in raw.items()}
