"""Sources with their arguments as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from kspec.ir import Attr, Call


def call_to_json(call: Call) -> dict[str, Any]:
    """A call as plain JSON values."""
    return {"name": call.name, "args": dict(call.args)}


def call_from_json(raw: Mapping[str, Any]) -> Call:
    """Read `call_to_json` back."""
    return Call(raw["name"], {name: _tuples(value) for name, value in raw["args"].items()})


def _tuples(value: Any) -> Attr:
    return (
        tuple(_tuples(item) for item in cast("list[Any]", value))
        if isinstance(value, list)
        else value
    )
