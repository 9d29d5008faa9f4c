"""Say why a step gives no numbers, and where the spec says so."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, cast

import jax
import numpy as np

from kspec.diagnostics import Span
from kspec.diagnostics.errors import NoNumbers
from kspec.runtime.bundle import Bundle
from kspec.runtime.loop import Position
from kspec.runtime.probe import Found, Step, first_bad, first_bad_leaf
from kspec.runtime.stacks import path_of

if TYPE_CHECKING:
    from kspec.runtime.run import Run

_PLACE: Final = re.compile(r"\s*# ([^\s:]+):(\d+) +(.*)")
_RATE: Final = "try a smaller learning rate, or `clipnorm` in the optimizer"
_ADVICE: Final = {
    "weight": "look at the file that it is loaded from",
    "field": "look at this row of the data",
    "value": f"keep what goes in there within bounds; {_RATE}",
    "gradient": "keep what goes in there away from where its slope is no number: add an epsilon",
    "gradient of a weight": _RATE,
    "update": _RATE,
}
_jax = cast("Any", jax)
Taken = tuple[dict[str, Any], Any, Any]  # a batch by field, its mask, and the rows it is from


def bad_state(run: Run, position: Position) -> NoNumbers:
    """The report of weights, statistics or moments that are no numbers before a step."""
    found = _bad_weight(run) or Found("weight", "the optimizer's state", "nan")
    return _report(run.bundle, found, position, f"{_called(found)} is {found.value}", 1)


def bad_step(run: Run, taken: Taken, position: Position, row: int) -> NoNumbers:
    """The report of a step, from the state before it.

    Args:
        run: The run, before the step.
        taken: What the step takes.
        position: Where the run stands.
        row: How many such steps there were, one behind the other.
    """
    batch, mask, rows = taken
    found = _bad_field(batch, mask) or _bad_weight(run) or _bad_line(run, batch, mask)
    what = f"{_called(found)} is {found.value}"
    if found.kind == "field":
        what += f" in row {int(rows[found.index[0]])} of the training split"
    return _report(run.bundle, found, position, what, row)


def _bad_field(batch: dict[str, Any], mask: Any) -> Found | None:
    """Inputs and labels, without the rows that only fill the batch up."""
    real = np.asarray(mask) > 0
    for name, field in batch.items():
        array = np.asarray(field)
        if array.dtype.kind == "f":
            shape = (-1, *[1] * (array.ndim - 1))
            found = first_bad_leaf("field", np.where(real.reshape(shape), array, 0))
            if found is not None:
                return Found("field", name, found.value, 0, found.index)
    return None


def _bad_weight(run: Run) -> Found | None:
    state = run.state
    found = first_bad_leaf("weight", state["params"]) or first_bad_leaf("weight", state["stats"])
    return found and _by_path(run, found)


def _by_path(run: Run, found: Found) -> Found:
    """With the path of the weight, where the state has several in one array."""
    return replace(found, name=path_of(run.places, found.name, found.index))


def _bad_line(run: Run, batch: dict[str, Any], mask: Any) -> Found:
    """The first line of the forward pass, or else of the backward pass."""
    plan = run.bundle.plan
    phase = plan.phases[run.position.phase].name
    suffix = f"_{phase}" if phase else ""
    key = _jax.random.fold_in(run.state["key"], run.state["step"])
    count = plan.accumulate
    for part in range(count):
        own = key if count == 1 else _jax.random.fold_in(key, part)
        given = {name: np.asarray(field)[part::count] for name, field in batch.items()}
        rest = (run.state["stats"], given, np.asarray(mask)[part::count], own)
        step = Step(run.state["params"], rest)
        if hasattr(run.executable, f"split{suffix}"):
            params, frozen = getattr(run.executable, f"split{suffix}")(run.state["params"])
            step = Step(params, (frozen, *rest))
        found = first_bad(run.executable, run.bundle.python, f"train{suffix}", step)
        if found is not None:
            return _by_path(run, found) if found.kind == "gradient of a weight" else found
    return Found("update", "the update", "no number")


def _called(found: Found) -> str:
    if found.kind in ("update", "weight") and " " in found.name:
        return found.name
    return {
        "value": f"`{found.name}`",
        "gradient": f"the gradient of `{found.name}`",
        "gradient of a weight": f"the gradient of the weight `{found.name}`",
    }.get(found.kind, f"the {found.kind} `{found.name}`")


def _report(bundle: Bundle, found: Found, position: Position, what: str, row: int) -> NoNumbers:
    place, span = _place(bundle, found.line)
    fine = {
        "weight": "weights are looked at before anything is computed",
        "field": "data is looked at before anything else",
        "value": "the data of the step and the weights are fine",
        "gradient": "the forward pass and the loss are fine",
        "gradient of a weight": "the forward pass and the loss are fine",
        "update": "the loss and its gradient are fine: the optimizer makes the step too large",
    }[found.kind]
    label = "trained with this"
    if span is not None:
        label = "its slope is no number" if found.kind == "gradient" else "the first is here"
    note = f"{fine}; the run is as it was before this step"
    if row > 1:
        note += f", and {row - 1} before it in a row were left out"
    if span is None and place:
        note += f"; {place}"
    if span is None:
        span = bundle.places.sources.get("optimizer")
    return NoNumbers(
        span=span,
        step=position.step + 1,
        epoch=position.epoch + 1,
        what=what,
        place=label,
        fine=note,
        advice=_ADVICE[found.kind],
    )


def _place(bundle: Bundle, line: int) -> tuple[str, Span | None]:
    """What the comment above a line of the program says, and where the spec says that."""
    lines = bundle.python.split("\n")[:line]
    for text in reversed(lines):
        if text.startswith("def "):
            break
        match = _PLACE.match(text)
        if match is not None:
            file, number, written = match.groups()
            span = None
            if file == PurePosixPath(bundle.plan.spec).name:
                span = _span(bundle, int(number), written.removesuffix("..."))
            return f"it is made by `{written}` at {file}:{number}", span
    return "", None


def _span(bundle: Bundle, number: int, written: str) -> Span | None:
    """The characters of a line of the spec that the comment begins with."""
    source = bundle.source
    if number > len(source.lines):
        return None
    text = source.lines[number - 1]
    while written and written not in text:
        written = written[:-1]
    if not written.strip():
        return None
    start = sum(len(each) + 1 for each in source.lines[: number - 1]) + text.index(written)
    return Span(source, start, start + len(written.rstrip()))
