"""Which pass changes what a program computes, if one does: `kspec bisect`.

The program as the spec says it, and the same with one more pass after the other, are given
the same first weights, none of them 0, and the same batches of random numbers that fit the
fields. Outputs, what loss and metrics add up, and weights and statistics after some updates
are compared. Passes may round differently. So a difference counts where it is above `FLOOR`
of the quantity's size, and above `MARGIN` times of what rounding the first weights once more
does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from kspec.codegen.module import generate
from kspec.ir import Module
from kspec.ir.core import FLOAT32
from kspec.passes import NEEDED, OPTIONAL, Pass, optimize
from kspec.plan_text import PYTHON
from kspec.resources import aligned
from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree, load_python
from kspec.runtime.stacks import stacked
from kspec.runtime.trial import Quantities, Trial, make_trial, moved, run_trial, spread

UPDATES: Final = 3
ROUNDING: Final = 2.0**-23  # of a number of 32 bits
FLOOR: Final = 256 * ROUNDING
MIXED: Final = (2.0**-8, 2.0**-5)  # the same two in mixed precision, with its bfloat16
MARGIN: Final = 16
NEAR: Final = 0.1  # of the largest number of a kind: smaller quantities are measured by this
SEEDS: Final = (1, 2)

Externs = Mapping[str, Mapping[str, Callable[..., Any]]]


@dataclass(frozen=True, slots=True)
class Step:
    """What the program is with one more pass.

    Attributes:
        name: The pass.
        changes: Whether it changes the program at all.
        quantity: What differs most from the program before all of them.
        error: How far that is off, as a share of the quantity's size.
        allowed: How far rounding may bring it.
    """

    name: str
    changes: bool
    quantity: str
    error: float
    allowed: float

    @property
    def is_wrong(self) -> bool:
        """Whether it is off by more than rounding explains."""
        return not self.error <= self.allowed


@dataclass(frozen=True, slots=True)
class Bisection:
    """All steps, up to the first one that is wrong."""

    spec: str
    steps: tuple[Step, ...]

    @property
    def guilty(self) -> Step | None:
        """The pass that changes what is computed."""
        return next((step for step in self.steps if step.is_wrong), None)

    def as_record(self) -> dict[str, Any]:
        """For programs. What is no number anymore is off by null."""
        steps = [asdict(step) for step in self.steps]
        for step in steps:
            step["error"] = step["error"] if math.isfinite(step["error"]) else None
        return {"guilty": self.guilty.name if self.guilty else None, "passes": steps}

    def as_text(self) -> str:
        """For people: a table, and the verdict."""
        table = [("pass", "largest difference", "rounding may be", "in")]
        for step in self.steps:
            if step.changes:
                numbers = (f"{step.error:.1e}", f"{step.allowed:.1e}", step.quantity)
                table.append((step.name, *numbers))
            else:
                table.append((step.name, "the same program", "", ""))
        return f"{aligned(table)}\n\n{self._verdict()}"

    def _verdict(self) -> str:
        step = self.guilty
        if step is None:
            return f"no pass changes what {self.spec} computes"
        return (
            f"{step.name} changes what {self.spec} computes:\n"
            f"{step.quantity} is off by {step.error:.1e} of its size, "
            f"where rounding may bring it {step.allowed:.1e}"
        )


def bisect(
    module: Module,
    spec: str,
    *,
    updates: int = UPDATES,
    passes: tuple[Pass, ...] = OPTIONAL,
    externs: Externs | None = None,
) -> Bisection:
    """Add one pass after the other, until one changes what is computed.

    Args:
        module: The IR as elaboration gives it.
        spec: The spec's name.
        updates: How many updates each phase of training gets.
        passes: The passes in question.
        externs: The functions that the program may import, by module.
    """

    def load(module: Module) -> tuple[str, Executable]:
        text = generate(module, spec)
        return text, load_python(text, PYTHON, externs or {})

    plain = optimize(module, NEEDED)
    trial = make_trial(plain, updates)
    with compat.precise():
        text, executable = load(plain)
        key = compat.key(module.train.seed if module.train else 0)
        state = spread(executable.init(key))
        known = run_trial(trial, executable, state)
        measure = _Measure(trial, executable, state, known, _rounding(module))
        steps: list[Step] = []
        for count, run in enumerate(passes, 1):
            now, executable = load(optimize(module, (*NEEDED, *passes[:count])))
            if now == text:
                steps.append(Step(run.__name__, False, "", 0.0, 0.0))
                continue
            text = now
            own = {**executable.init(key), "stats": state["stats"]}
            own["params"] = stacked(executable, state["params"])
            steps.append(measure.step(run.__name__, run_trial(trial, executable, own)))
            if steps[-1].is_wrong:
                break
    return Bisection(spec, tuple(steps))


def _rounding(module: Module) -> tuple[float, float]:
    """How far a number is off by rounding, and what a quantity may be off in any case."""
    mixed = module.train is not None and module.train.precision != FLOAT32
    return MIXED if mixed else (ROUNDING, FLOOR)


class _Measure:
    """Holds programs against the one before all passes."""

    def __init__(
        self,
        trial: Trial,
        executable: Executable,
        state: Tree,
        known: Quantities,
        limits: tuple[float, float],
    ) -> None:
        rounding, floor = limits
        self.known = known
        sizes = {name: float(np.abs(_finite(each)).max(initial=0)) for name, each in known.items()}
        kinds: dict[str, float] = {}
        for name, size in sizes.items():
            kind = name.partition(":")[0]
            kinds[kind] = max(size, kinds.get(kind, 0.0))
        self.sizes = {
            name: max(size, NEAR * kinds[name.partition(":")[0]]) or 1.0
            for name, size in sizes.items()
        }
        self.allowed = dict.fromkeys(known, floor)
        for seed in SEEDS:
            found = run_trial(trial, executable, moved(state, rounding, seed))
            for name, error in self.errors(found):
                if math.isfinite(error):
                    self.allowed[name] = max(self.allowed[name], MARGIN * error)

    def errors(self, found: Quantities) -> Iterator[tuple[str, float]]:
        """How far each quantity is off."""
        for name, known in self.known.items():
            other = found.get(name)
            if other is None or not np.array_equal(np.isfinite(known), np.isfinite(other)):
                yield name, math.inf
                continue
            apart = np.abs(_finite(other) - _finite(known)).max(initial=0)
            yield name, float(apart) / self.sizes[name]

    def step(self, name: str, found: Quantities) -> Step:
        """What is farthest off, by what it may be."""
        errors = dict(self.errors(found))
        worst = max(errors, key=lambda each: errors[each] / self.allowed[each])
        return Step(name, True, worst, errors[worst], self.allowed[worst])


def _finite(numbers: Any) -> Any:
    """The numbers as floats of 64 bits, 0 for what is none."""
    return np.nan_to_num(np.asarray(numbers, np.float64), posinf=0.0, neginf=0.0)
