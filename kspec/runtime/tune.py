"""Time the ways in which a program can be made, inside of its training step: `kspec tune`.

For each place where a pass can go several ways, two programs that differ just there make updates
in turns, so that whatever else the machine does slows both. A way is taken where the medians say
that it is faster, and most turns agree; the next place is then timed in the faster program.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from statistics import median
from typing import Any, Final, Protocol

import numpy as np

from kspec.codegen.module import generate
from kspec.ir import Module
from kspec.passes import optimize
from kspec.passes.choices import Site, sites
from kspec.plan import PhasePlan
from kspec.plan_text import PYTHON
from kspec.resources import aligned
from kspec.runtime import compat, loop
from kspec.runtime.executable import Tree, Updates, load_python, updates_of
from kspec.runtime.trial import Trial, make_trial

FEWEST_TURNS: Final = 15
MOST_TURNS: Final = 200
SECONDS: Final = 5.0  # of turns, beyond the fewest
GAIN: Final = 0.02  # of the step, below which the other way is not worth it
AGREED: Final = 0.6  # of the turns
TOGETHER: Final = 4  # updates in a dispatch, where they do not go alone

Externs = Mapping[str, Mapping[str, Callable[..., Any]]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Timed:
    """A place and what was measured there.

    Attributes:
        sites: The place; several where the same op stands in several lines.
        seconds: An update by each way, in medians.
        chosen: The way that is taken from now on.
    """

    sites: tuple[Site, ...]
    seconds: Mapping[str, float]
    chosen: str

    @property
    def share(self) -> float:
        """What the way that is taken wins, of an update that goes the slowest way."""
        return 1 - self.seconds[self.chosen] / max(self.seconds.values())

    @property
    def places(self) -> list[str]:
        """Where it stands in the spec."""
        spans = (site.span for site in self.sites if site.span)
        names = (f"{PurePosixPath(span.source.name).name}:{span.line}" for span in spans)
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Tuned:
    """All places of a program.

    Attributes:
        spec: The spec's name.
        device: What they were measured on.
        timed: Each place.
        whole: An update of the program by XLA alone, as it was, and as it is now.
    """

    spec: str
    device: str
    timed: tuple[Timed, ...]
    whole: Mapping[str, float]

    @property
    def choices(self) -> dict[str, str]:
        """The way that is taken, by key."""
        return {each.sites[0].key: each.chosen for each in self.timed}

    @property
    def seconds(self) -> dict[str, Mapping[str, float]]:
        """What was measured, by key."""
        return {each.sites[0].key: each.seconds for each in self.timed}

    def as_record(self) -> dict[str, Any]:
        """For programs."""
        rows = [
            {
                "key": each.sites[0].key,
                "places": each.places,
                "seconds": dict(each.seconds),
                "default": each.sites[0].default,
                "chosen": each.chosen,
                "share": each.share,
            }
            for each in self.timed
        ]
        return {"device": self.device, "ops": rows, "update": dict(self.whole)}

    def as_text(self) -> str:
        """For people: a row an op, and what all of it wins."""
        if not self.timed:
            return f"nothing in {self.spec} can be made in more than one way on this device"
        table = [("op", "line", "an update takes, in ms", "chosen", "wins")]
        for each in self.timed:
            ways = ", ".join(f"{way} {_ms(took)}" for way, took in each.seconds.items())
            lines = ", ".join(place.rpartition(":")[2] for place in each.places)
            title = each.sites[0].title
            table.append((title, lines, ways, each.chosen, f"{100 * each.share:.1f} %"))
        whole = ", ".join(f"{name} {_ms(took)} ms" for name, took in self.whole.items())
        return f"{aligned(table)}\n\nan update: {whole}"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g}"


class Race(Protocol):
    """Times programs against each other."""

    def __call__(self, modules: Mapping[str, Module]) -> dict[str, list[float]]:
        """The seconds of an update of each program in each turn."""
        ...


def tune(module: Module, spec: str, race: Race, say: Say = lambda _: None) -> Tuned:
    """Find the fastest way of each place, and what they win together.

    Args:
        module: The IR as elaboration gives it; what was measured before does not count.
        spec: The spec's name.
        race: Times programs.
        say: Told what is being done.
    """
    module = on_one_device(module)
    timed = tune_places(module, race, say)
    choices = {each.sites[0].key: each.chosen for each in timed}
    whole: dict[str, Mapping[str, str]] = {"as it was": {}, "tuned": choices}
    kernels = [each.sites[0] for each in timed if each.sites[0].cpu]
    if kernels:
        whole = {"by XLA": {site.key: site.options[0] for site in kernels}, **whole}
    medians: dict[str, float] = {}
    if timed:
        say("the whole program")
        turns = race({name: with_ways(module, own) for name, own in whole.items()})
        medians = {name: median(each) for name, each in turns.items()}
    return Tuned(spec, compat.device().device_kind, tuple(timed), medians)


def tune_places(module: Module, race: Race, say: Say = lambda _: None) -> list[Timed]:
    """Find the fastest way of each place, one after the other: as `tune`."""
    on_cpu = compat.device().platform == "cpu"
    choices: dict[str, str] = {}
    timed: dict[str, Timed] = {}
    while True:  # the way of one place may bring others with it
        found = sites(with_ways(module, choices), optimize)
        left = [key for key in found if key not in timed and (on_cpu or not found[key][0].cpu)]
        if not left:
            return list(timed.values())
        same = tuple(found[left[0]])
        say(f"{len(timed) + 1} of {len(timed) + len(left)}: {same[0].title}")
        timed[left[0]] = _time(module, choices, same, race)
        choices[left[0]] = timed[left[0]].chosen


def _time(module: Module, choices: Mapping[str, str], same: tuple[Site, ...], race: Race) -> Timed:
    """All ways of a place, where the others are as they were chosen."""
    site = same[0]
    best = site.default
    seconds: dict[str, float] = {}
    for way in site.options:
        if way == best:
            continue
        turns = race({o: with_ways(module, {**choices, site.key: o}) for o in (best, way)})
        seconds |= {option: median(each) for option, each in turns.items()}
        if is_faster(turns[way], turns[best]):
            best = way
    return Timed(same, {option: seconds[option] for option in site.options}, best)


def is_faster(one: list[float], other: list[float]) -> bool:
    """Whether one is faster than the other by enough, in most turns."""
    agreed = sum(a < b for a, b in zip(one, other, strict=True)) >= AGREED * len(one)
    return agreed and all(of(one) < (1 - GAIN) * of(other) for of in (median, _undisturbed))


def _undisturbed(turns: list[float]) -> float:
    """The median of the faster half: of turns in which the machine did little else."""
    return median(sorted(turns)[: (len(turns) + 1) // 2])


def with_ways(module: Module, choices: Mapping[str, str]) -> Module:
    """The module with such ways of its places, by their keys, and no others."""
    train = module.train
    assert train is not None, "only what trains is tuned"
    return replace(module, train=replace(train, choices=tuple(sorted(choices.items()))))


def on_one_device(module: Module) -> Module:
    """What each device does where several share a batch; keys are the same."""
    train = module.train
    if train is None:
        return module
    return replace(module, train=replace(train, devices=1, batch=train.share))


class Steps:
    """Races training steps on random numbers that fit the fields.

    Args:
        spec: The spec's name.
        phases: The parts of training.
        externs: The functions that the program may import, by module.
        seconds: How long programs take turns, if that is more than the fewest turns.
        clock: Says what time it is.
    """

    def __init__(
        self,
        spec: str,
        phases: Iterable[PhasePlan],
        externs: Externs | None = None,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.spec = spec
        self.phases = tuple(phases)
        self.externs = externs or {}
        self.seconds = seconds
        self.clock = clock
        self._compiled: dict[str, Callable[[], float]] = {}  # the programs of the last race

    def __call__(self, modules: Mapping[str, Module]) -> dict[str, list[float]]:
        """The seconds of an update of each program in each turn, all phases together."""
        texts = {name: generate(optimize(m), self.spec) for name, m in modules.items()}
        trial = make_trial(optimize(next(iter(modules.values()))), 1)
        compiled: dict[str, Callable[[], float]] = {}  # programs of one text are one program
        for text in dict.fromkeys(texts.values()):
            compiled[text] = self._compiled.get(text) or self._program(text, trial)
        self._compiled = compiled
        turns: dict[str, list[float]] = {text: [] for text in compiled}
        ends = self.clock() + self.seconds
        for turn in range(MOST_TURNS):
            for text in list(compiled)[:: 1 if turn % 2 else -1]:
                turns[text].append(compiled[text]())
            if turn + 1 >= FEWEST_TURNS and self.clock() >= ends:
                break
        return {name: turns[text] for name, text in texts.items()}

    def _program(self, text: str, trial: Trial) -> Callable[[], float]:
        """What makes an update of each phase, and gives the seconds of it; it was run once."""
        executable = load_python(text, PYTHON, self.externs)
        state = executable.init(compat.key(0))
        updates: list[Callable[[], float]] = []
        for number, phase in enumerate(self.phases):
            own = updates_of(executable, phase.name)
            if hasattr(own, "enter"):
                state = own.enter(state)
            batch: dict[str, Any] = dict(trial.batches[number])
            if hasattr(own, "trunk_step"):
                batch |= own.trunk_step(state, batch)
            alone = loop.steps_go_alone(phase.convolves)
            updates.append(self._update(own, compat.copied(state), batch, trial.masks[0], alone))

        def all_phases() -> float:
            return sum(update() for update in updates)

        all_phases()  # which compiles it
        return all_phases

    def _update(
        self, own: Updates, state: Tree, batch: Tree, mask: Any, alone: bool
    ) -> Callable[[], float]:
        """What makes an update, as training does: alone, or several in a dispatch."""
        rows = np.tile(np.arange(len(mask), dtype=np.int32), (TOGETHER, 1))
        masks = np.tile(mask, (TOGETHER, 1))
        batch = compat.to_device(batch)

        def update() -> float:
            nonlocal state
            began = self.clock()
            if alone:
                state, sums = own.train_step(state, batch, mask)
            else:
                state, sums = own.train_steps(state, batch, rows, masks)
            compat.to_host(sums)
            return (self.clock() - began) / (1 if alone else TOGETHER)

        return update
