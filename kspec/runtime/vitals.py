"""How a run stands at any moment: the learning rate and the memory, for what shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kspec.ir import Call, read_call, show_call
from kspec.plan import PhasePlan, Plan
from kspec.runtime import compat
from kspec.runtime.executable import load_python
from kspec.runtime.progress import Now
from kspec.runtime.rates import rates_of

if TYPE_CHECKING:
    from kspec.runtime.run import Run


def now(run: Run) -> Now:
    """How a run stands."""
    held = rates_of(run.state)
    rate = next(iter(held.values())) if held else None
    if rate is None:
        phase = run.position.phase
        before = updates_before(run.bundle.plan.phases[: phase + 1], run.history)
        rate = rate_at(run.bundle.plan.phases[phase], int(run.state["step"]) - before - 1)
    return Now(rate, memory_in_use())


def rate_at(phase: PhasePlan, update: int) -> float | None:
    """The learning rate of an update, the first being 0, by what the spec says of a phase."""
    if isinstance(phase.rate, Call):
        return float(_schedule(show_call(phase.rate))(np.int32(max(0, update))))
    return phase.rate


@cache
def _schedule(text: str) -> Callable[[Any], Any]:
    """A schedule as one program."""
    from kspec.codegen.schedules import schedule_file

    loaded = cast("Any", load_python(schedule_file(read_call(text)), "schedule.py"))
    return compat.compiled(loaded.rate)


def updates_before(phases: Sequence[PhasePlan], history: Iterable[Mapping[str, Any]]) -> int:
    """How many updates there were before the optimizer of the last of these phases began."""
    own = {phases[-1].name}
    for phase, before in zip(phases[:0:-1], phases[-2::-1], strict=True):
        if not phase.carries:
            break
        own.add(before.name)
    other = [record["steps"] for record in history if record.get("phase", "") not in own]
    return max(other, default=0)


def rates_over(plan: Plan, history: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    """The learning rate that each epoch ended with; nothing where it is not known."""
    names = [phase.name for phase in plan.phases]
    found: list[tuple[int, float]] = []
    for record in history:
        held: Mapping[str, float] = record.get("learning_rate", {})
        number = names.index(record.get("phase", ""))
        before = updates_before(plan.phases[: number + 1], history[: record["epoch"]])
        rate = next(iter(held.values()), None)
        if rate is None:
            rate = rate_at(plan.phases[number], record["steps"] - before - 1)
        if rate is not None:
            found.append((record["epoch"], rate))
    return found


def memory_in_use() -> int | None:
    """The bytes in use on the device; None where it does not tell, as CPUs."""
    stats: Mapping[str, int] = compat.device().memory_stats() or {}
    return stats.get("bytes_in_use")
