"""Check that a module means something: types, order, names.

A failure is a bug in kspec, never the author's: mistakes in specs are found while
elaborating.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from kspec.ir.core import Func, Module, Op, Value
from kspec.ir.ops import OPS
from kspec.ir.rules import TypeRuleError
from kspec.ir.text import show_op


class InvalidIR(Exception):
    """The IR breaks a rule of its own: a bug in kspec."""

    def __init__(self, where: str, reason: str, line: str = "") -> None:
        shown = f"\n    {line}" if line else ""
        super().__init__(f"invalid IR {where}: {reason}{shown}\nThis is a bug in kspec.")


def verify(module: Module, after: str = "elaboration", sound: set[Op] | None = None) -> None:
    """Check every function and the weight table.

    Args:
        module: The module.
        after: The pass that made it, for the message.
        sound: Ops whose types are known to be right, as a pass leaves most as they were; those
            that are found to be are added.

    Raises:
        InvalidIR: It breaks a rule.
    """
    where = f"after {after}"
    weights = {weight.value for weight in module.weights}
    _distinct([weight.path for weight in module.weights], "weight", where)
    _distinct([func.name for func in module.funcs], "function", where)
    _verify_phases(module, where)
    sound = set() if sound is None else sound
    for func in module.funcs:
        _distinct(func.names, "value", f"{where}, in {func.name}")
        _verify_inside(func, weights, _Place(f"{where}, in {func.name}", func.name, sound))


def _verify_phases(module: Module, where: str) -> None:
    paths = {weight.path for weight in module.weights}
    phases = module.train.phases if module.train else ()
    if module.train and not phases:
        raise InvalidIR(where, "training has no phase")
    _distinct([phase.name for phase in phases], "phase", where)
    for phase in phases:
        grouped = [path for _, group in phase.groups for path in group]
        _distinct([*grouped, *phase.frozen], "use of a weight in a phase", where)
        for path in (*grouped, *phase.frozen):
            if path not in paths:
                raise InvalidIR(where, f"the phase {phase.name} names {path}, which is no weight")


def _distinct(names: list[str], what: str, where: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise InvalidIR(where, f"two {what}s are called {name}")


class _Place(NamedTuple):
    """Where an op stands.

    Attributes:
        where: The pass and the function, for the message.
        func: The name of the function.
        sound: Ops whose types are known to be right.
    """

    where: str
    func: str
    sound: set[Op]


def _verify_inside(func: Func, around: set[Value], place: _Place) -> None:
    """Check a function, or a body with the values around it."""
    known = {*around, *func.params}
    for op in func.ops:
        if op.body is not None:
            _verify_inside(op.body, known, place)
        _verify_op(op, known, place)
        known.update(op.results)
    _distinct([name for name, _ in func.returns], "result", place.where)
    for result, value in func.returns:
        if value not in known:
            reason = f"the result {result} is %{value.name}, which is not defined"
            raise InvalidIR(place.where, reason)


# The functions that ops of a stage may be in.
_PLACES: Final = {
    "graph": ("graph",),
    "host": ("graph", "prepare", "learn"),
    "learn": ("graph", "learn"),
}


def _verify_op(op: Op, known: set[Value], place: _Place) -> None:
    reason = _misplaced(op, known, place.func)
    if reason is None and op not in place.sound:
        reason = _unsound(op)
        place.sound.add(op)
    if reason is not None:
        raise InvalidIR(place.where, reason, show_op(op, frozenset()))


def _misplaced(op: Op, known: set[Value], func: str) -> str | None:
    """Why an op may not stand where it does."""
    row = OPS.get(op.name)
    if row is None:
        return f"there is no op {op.name}"
    if row.stage in _PLACES and func not in _PLACES[row.stage]:
        return f"{op.name} may not exist any more"
    for value in op.args:
        if value not in known:
            return f"%{value.name} is used before it is defined"
    return None


def _unsound(op: Op) -> str | None:
    """Why an op means nothing wherever it stands."""
    row = OPS[op.name]
    if set(op.attrs) != {*row.defaults, *row.required}:
        return f"{op.name} has not the attributes that it needs"
    try:
        types = row.infer(tuple(value.type for value in op.args), op.attrs, op.body)
    except TypeRuleError as error:
        return str(error)
    if types != tuple(value.type for value in op.results):
        inferred = ", ".join(map(str, types))
        return f"its results should be {inferred}"
    return None
