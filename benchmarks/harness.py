"""Measure contenders side by side: they take turns in one process, and medians are compared.

    python -m benchmarks.harness NAME ROUNDS

measures one workload in this process and prints what came of it as JSON. `python -m benchmarks`
starts it once for each workload.
"""

from __future__ import annotations

import importlib
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from benchmarks.machine import Rates

OURS: Final = "kspec"


class Done(NamedTuple):
    """What a contender has reached.

    Attributes:
        loss: Of the last epoch, or of whatever the contenders must agree on.
        updates: Since the contender was set up.
    """

    loss: float
    updates: int


Run = Callable[[], Done]


@dataclass(frozen=True)
class Floor:
    """The least that a unit of the work can take.

    Attributes:
        flops: Operations of its matrix products and convolutions.
        bytes: What must pass through memory.
        modules: What a fresh Python must import, with commas between.
    """

    flops: float = 0
    bytes: float = 0
    modules: str = ""

    def seconds(self, rates: Rates) -> float:
        """On a machine with those rates."""
        of_device = max(self.flops / rates.flops, self.bytes / rates.bytes)
        return of_device + (rates.importing(self.modules) if self.modules else 0)


@dataclass(frozen=True)
class Workload:
    """Work that several contenders do.

    Attributes:
        unit: What the seconds are of: `epoch`, `step`, ...
        units: How many of them a call of a contender does.
        goals: How many times as fast as each peer kspec is to be; None where it is not said.
        contenders: By name; each gives, when it is set up, the call that is timed.
        tolerance: By how much of kspec's loss a peer's may differ from it.
        floor: The least that a unit can take.
        wider: Tolerances of peers that train a little differently, with the reason beside them.
        most: Rounds at most, where a call takes long.
        cold: Whether the first call counts like all others.
    """

    unit: str
    units: int
    goals: Mapping[str, float | None]
    contenders: Mapping[str, Callable[[], Run]]
    tolerance: float
    floor: Floor
    wider: Mapping[str, float] = field(default_factory=dict)
    most: int = 1_000
    cold: bool = False


@dataclass(frozen=True)
class Times:
    """What was measured of one contender, in seconds a unit.

    Attributes:
        first: The first call, which compiles; the whole call, not a unit of it. None where
            calls are all alike.
        rounds: The calls after that.
        loss: After the last one.
        updates: After the last one.
    """

    first: float | None
    rounds: list[float]
    loss: float
    updates: int

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True)
class Measured:
    """What was measured of a workload.

    Attributes:
        name: The workload.
        unit: What the seconds are of.
        goals: How many times as fast as each peer kspec is to be.
        tolerance: By how much of kspec's loss a peer's may differ from it.
        floor: The least that a unit can take.
        wider: Tolerances of peers that have another one.
        times: By contender.
    """

    name: str
    unit: str
    goals: Mapping[str, float | None]
    tolerance: float
    floor: Floor
    wider: Mapping[str, float] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)

    def allowed(self, peer: str) -> float:
        """By how much of kspec's loss that of the peer may differ from it."""
        return self.wider.get(peer, self.tolerance)

    def ratio(self, peer: str) -> float:
        """How many times as fast as the peer kspec is: a ratio of medians."""
        return self.times[peer].median / self.times[OURS].median

    def spread(self, peer: str) -> tuple[float, float]:
        """The smallest and the largest ratio of a round."""
        pairs = zip(self.times[peer].rounds, self.times[OURS].rounds, strict=True)
        ratios = [theirs / ours for theirs, ours in pairs]
        return min(ratios), max(ratios)

    def faults(self) -> list[str]:
        """What speaks against comparing the times: losses or numbers of updates that differ."""
        ours, found = self.times[OURS], []
        for name, theirs in self.times.items():
            if theirs.updates != ours.updates:
                found.append(f"{name} made {theirs.updates} updates, kspec {ours.updates}")
            near = abs(theirs.loss - ours.loss) <= self.allowed(name) * abs(ours.loss)
            if not (near and math.isfinite(theirs.loss)):  # what is no number is near nothing
                found.append(f"the loss of {name} is {theirs.loss:.4g}, kspec's {ours.loss:.4g}")
        return found


def measure(
    name: str, workload: Workload, rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Measured:
    """Set the contenders up, then time them in turns; another one begins each round."""
    runs = {each: set_up() for each, set_up in workload.contenders.items()}
    first = {} if workload.cold else {each: _timed(runs[each], clock)[0] for each in runs}
    seconds: dict[str, list[float]] = {each: [] for each in runs}
    done: dict[str, Done] = {}
    order = list(runs)
    for _ in range(min(rounds, workload.most)):
        for each in order:
            took, done[each] = _timed(runs[each], clock)
            seconds[each].append(took / workload.units)
        order = [*order[1:], order[0]]
    times = {each: Times(first.get(each), seconds[each], *done[each]) for each in runs}
    return Measured(
        name,
        workload.unit,
        workload.goals,
        workload.tolerance,
        workload.floor,
        workload.wider,
        times,
    )


def _timed(run: Run, clock: Callable[[], float]) -> tuple[float, Done]:
    began = clock()
    done = run()
    return clock() - began, done


def write(measured: Measured) -> str:
    """As JSON."""
    return json.dumps(asdict(measured))


def read(text: str) -> Measured:
    """From JSON."""
    fields: dict[str, Any] = json.loads(text)
    times = {name: Times(**each) for name, each in fields.pop("times").items()}
    return Measured(**{**fields, "floor": Floor(**fields["floor"])}, times=times)


def main() -> None:
    """Measure the workload that the command line names."""
    name, rounds = sys.argv[1:]
    workload: Workload = importlib.import_module(f"benchmarks.workloads.{name}").WORKLOAD
    print(write(measure(name, workload, int(rounds))))


if __name__ == "__main__":
    main()
