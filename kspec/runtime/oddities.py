"""What is odd about a run and can only be known when the data is there: said as it starts."""

from __future__ import annotations

from typing import Final, cast

from kspec.data.bad_rows import BadRow
from kspec.data.declaration import Places
from kspec.diagnostics import Diagnostic
from kspec.diagnostics.lints import BadRowsLeftOut, ScheduleUnfinished, unsilenced
from kspec.ir import show_call
from kspec.plan import Plan
from kspec.registry import make
from kspec.schedules.base import Schedule

SHOWN: Final = 5  # rows that a warning names


def oddities(plan: Plan, places: Places, steps: int) -> tuple[Diagnostic, ...]:
    """Warnings for a run.

    Args:
        plan: What is trained, and how long.
        places: Where the spec says so.
        steps: The steps of an epoch.
    """
    found: list[Diagnostic] = []
    for call, epochs in plan.schedules:
        end = cast("Schedule", make("schedule", call)).end()
        if end is not None and end > epochs * steps:
            found.append(
                ScheduleUnfinished(
                    span=places.sources.get(f"schedule {show_call(call)}"),
                    schedule=call.name,
                    end=f"{end:,}",
                    steps=f"{epochs * steps:,}",
                    epochs=_counted(epochs, "epoch"),
                    each=_counted(steps, "step"),
                    enough=_counted(-(-end // steps), "epoch"),
                )
            )
    return unsilenced(found)


def left_out(bad: tuple[BadRow, ...], places: Places) -> tuple[Diagnostic, ...]:
    """A warning where rows of the data are left out."""
    if not bad:
        return ()
    shown = [*map(str, bad[:SHOWN]), *([f"and {len(bad) - SHOWN:,} more"] * (len(bad) > SHOWN))]
    rows = _counted(len(bad), "row")
    verb = "is" if len(bad) == 1 else "are"
    span = places.sources.get("on_bad")
    return unsilenced([BadRowsLeftOut(span=span, rows=rows, verb=verb, examples="\n".join(shown))])


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
