"""A plan as text, and the names of the files that a compiled folder has its program in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from kspec.data.declaration import declaration_from_json, declaration_to_json
from kspec.externs import ExternPlan
from kspec.ir import Call, TensorType, read_call, show_call
from kspec.plan import PhasePlan, Plan, Scored

FORMAT: Final = 2
PLAN: Final = "plan.json"
PYTHON: Final = "model.py"


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
                "accumulate": plan.accumulate,
                "devices": plan.devices,
                "phases": [
                    {
                        "name": p.name,
                        "epochs": p.epochs,
                        "callbacks": list(map(show_call, p.callbacks)),
                        "trunk": list(p.trunk),
                        "convolves": p.convolves,
                        "rate": show_call(p.rate) if isinstance(p.rate, Call) else p.rate,
                        "carries": p.carries,
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
                "draws": list(plan.draws),
                **({"externs": [e.as_record() for e in plan.externs]} if plan.externs else {}),
                "ragged": dict(plan.ragged),
                **({"scored": asdict(plan.scored)} if plan.scored else {}),
                **({"choices": dict(plan.choices)} if plan.choices else {}),
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
            accumulate=raw.get("accumulate", 1),  # runs from before have neither
            devices=raw.get("devices", 1),
            phases=tuple(_phase_from_json(each, raw["convolves"]) for each in raw["phases"]),
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
            draws=(*raw.get("draws", (0, 0)),),
            externs=tuple(map(ExternPlan.from_record, raw.get("externs", ()))),
            ragged=raw.get("ragged", {}),
            scored=Scored(**raw["scored"]) if raw.get("scored") else None,
            choices=raw.get("choices", {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no plan of kspec: {error!r}") from None


def _phase_from_json(raw: Mapping[str, Any], convolves: bool) -> PhasePlan:
    return PhasePlan(
        raw["name"],
        raw["epochs"],
        tuple(map(read_call, raw["callbacks"])),
        tuple(raw.get("trunk", ())),  # runs from before have neither
        raw.get("convolves", convolves),
        _rate_from_json(raw.get("rate")),
        raw.get("carries", False),
    )


def _rate_from_json(raw: float | str | None) -> float | Call | None:
    return read_call(raw) if isinstance(raw, str) else raw


def _types_to_json(types: Mapping[str, TensorType]) -> dict[str, Any]:
    return {name: {"dtype": t.dtype, "shape": list(t.shape)} for name, t in types.items()}


def _types_from_json(raw: Mapping[str, Any]) -> dict[str, TensorType]:
    return {name: TensorType(t["dtype"], tuple(t["shape"])) for name, t in raw.items()}
