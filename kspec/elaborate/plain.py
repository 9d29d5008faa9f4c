"""Values of arguments that are numbers, strings and the like."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from kspec.elaborate.values import Meaning, Quantity, Ref
from kspec.registry import Angle, Selector, Steps


class Mismatch(Exception):
    """A value is not of the type that an argument wants."""


def plain(value: Meaning) -> object:
    """A value as a definition takes it that says nothing of its type."""
    if isinstance(value, (tuple, list)):
        return tuple(plain(item) for item in value)
    if isinstance(value, Ref):
        return value.name
    return value


def _as_int(value: Meaning) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Mismatch


def _as_steps(value: Meaning) -> int:
    return _as_int(value.value if isinstance(value, Quantity) and value.unit == "steps" else value)


def _as_float(value: Meaning) -> float:
    if isinstance(value, Quantity) and value.unit == "%":
        return value.value / 100
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise Mismatch


def _as_angle(value: Meaning) -> float:
    if isinstance(value, Quantity) and value.unit == "deg":
        return math.radians(value.value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise Mismatch


def _as_bool(value: Meaning) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch


def _as_str(value: Meaning) -> str:
    if isinstance(value, str):
        return value
    raise Mismatch


def _as_selector(value: Meaning) -> Selector:
    return Selector(_as_str(value))


def _as_none(value: Meaning) -> None:
    if value is not None:
        raise Mismatch


SCALARS: Final[dict[type[object], Callable[[Meaning], object]]] = {
    int: _as_int,
    Steps: _as_steps,
    Angle: _as_angle,
    float: _as_float,
    bool: _as_bool,
    str: _as_str,
    Selector: _as_selector,
    type(None): _as_none,
}
