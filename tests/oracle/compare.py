"""Hold executors against each other: what differs more than rounding may.

A program P may be twice as far from the interpreter as the unoptimized program U is, and
`FLOOR` of the quantity's scale, and as far as rounding alone would bring it. Where a pass is
exact, it gives the same bits as U. U itself must be within `TRUST`. Ten updates may be chaotic:
where rounding alone moves a kind of quantity by more than `CHAOS`, a few draws of it say little of
how far it may go, and only the kinds before it are held.

`fuse_softmax_crossentropy` differs on purpose where a crossentropy cuts probabilities off. In a
case in which the interpreter has met some, programs with it are held against what it makes of the
IR, interpreted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from kspec.codegen.module import generate
from kspec.ir import Module
from kspec.passes import OPTIONAL, Pass
from kspec.passes.eliminate_common_ops import eliminate_common_ops
from kspec.passes.eliminate_dead_ops import eliminate_dead_ops
from kspec.passes.fuse_softmax_crossentropy import fuse_softmax_crossentropy
from tests.oracle.cases import Case
from tests.oracle.executors import (
    Quantities,
    generated,
    interpreted,
    unoptimized,
    with_passes,
)
from tests.oracle.interpreter.core import Array, Aside

# The quantities that a pass leaves bit for bit. Where an op with several consumers takes the
# place of several ops, gradients are added up in another order.
EXACT: Final[dict[Pass, tuple[str, ...]]] = {
    eliminate_common_ops: (".predict.", ".eval"),
    eliminate_dead_ops: ("",),
}
FLOOR: Final = 1e-6
TRUST: Final = 2e-5
NEAR: Final = 0.1  # of the largest number of a kind: smaller tensors are measured by this
NOISES: Final = (1, 2, 3, 4)
SENSITIVITY: Final = 4
CHAOS: Final = 1e-2


@dataclass(frozen=True)
class Difference:
    """Two executors that do not agree.

    Attributes:
        executor: `U`, or the pass that is in P, or `all`.
        quantity: What differs most, by its own measure.
        error: How far it is off, in its scale.
        allowed: How far it may be.
    """

    executor: str
    quantity: str
    error: float
    allowed: float

    def __str__(self) -> str:
        return (
            f"{self.executor}: {self.quantity} is off by {self.error:.1e}, "
            f"of {self.allowed:.1e} that it may be"
        )


def scales(found: Quantities) -> dict[str, float]:
    """What errors of each quantity are measured in."""
    largest = {name: float(np.abs(each).max(initial=0)) for name, each in found.items()}
    kinds: dict[str, float] = {}
    for name, size in largest.items():
        kinds[_kind(name)] = max(kinds.get(_kind(name), 0.0), size)
    return {name: max(size, NEAR * kinds[_kind(name)], 1e-6) for name, size in largest.items()}


def _kind(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _error(one: Array, other: Array, scale: float) -> float:
    """The largest difference; no number is as far off as can be."""
    if one.shape != other.shape:
        return float("inf")
    if not one.size:
        return 0.0
    apart = np.abs(np.asarray(one, np.float64) - other).max()
    return float(apart / scale) if np.isfinite(apart) else float("inf")


class Truth:
    """What the interpreter says of a case, and how far rounding may bring a program from it.

    Args:
        case: The case.
        module: Its IR, or what a pass made of it.
    """

    def __init__(self, case: Case, module: Module) -> None:
        self._of = (case, module)
        aside = Aside()
        self.values = interpreted(*self._of, aside)
        self.cuts = aside.cut
        self._scale = scales(self.values)

    def error(self, name: str, value: Array) -> float:
        """How far a value is off, in its scale."""
        return _error(value, self.values[name], self._scale[name])

    @cached_property
    def noise(self) -> dict[str, float]:
        """How far rounding alone may bring each quantity."""
        noise = dict.fromkeys(self.values, 0.0)
        for seed in NOISES:
            aside = Aside(np.random.default_rng(seed))
            for name, value in interpreted(*self._of, aside).items():
                noise[name] = max(noise[name], self.error(name, value))
        return noise

    @cached_property
    def chaotic(self) -> frozenset[str]:
        """The kinds of quantities that rounding alone moves anywhere."""
        return frozenset(_kind(name) for name, noise in self.noise.items() if noise > CHAOS)

    def off(self, executor: str, name: str, value: Array, allowed: float) -> Iterator[Difference]:
        """A difference, if it is one; how much rounding does is only asked where that counts."""
        error = self.error(name, value)
        if not error <= allowed and _kind(name) not in self.chaotic:
            allowed += SENSITIVITY * self.noise[name]
            if not error <= allowed:
                yield Difference(executor, name, error, allowed)


class Reference:
    """What the interpreter and the unoptimized program say of a case.

    Raises:
        UnknownOp: The interpreter lacks an op.
        SpecError: The spec is none.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.truth = Truth(case, case.module)
        module = unoptimized(case)
        self.plain = generated(case, module)
        self._programs = {generate(module, "c"): self.plain}  # by their texts

    @cached_property
    def _uncut(self) -> Truth:
        """Of crossentropies that cut no probabilities off, if these do."""
        if not self.truth.cuts:
            return self.truth
        return Truth(self.case, fuse_softmax_crossentropy(self.case.module))

    def program(self, passes: tuple[Pass, ...]) -> Quantities:
        """What the program with some passes gives; one that was run already is not run again."""
        module = with_passes(self.case, passes)
        text = generate(module, "c")
        if text not in self._programs:
            self._programs[text] = generated(self.case, module)
        return self._programs[text]

    def own(self) -> Iterator[Difference]:
        """Where the unoptimized program is not what the interpreter says."""
        for name, value in self.plain.items():
            yield from self.truth.off("U", name, value, TRUST)

    def against(
        self, executor: str, found: Quantities, exact: tuple[str, ...], *, fused: bool = False
    ) -> Iterator[Difference]:
        """Where a program with passes is not; fused is one that takes losses from logits."""
        truth = self._uncut if fused else self.truth
        known = truth.values.keys()
        for name in (self.plain.keys() - found.keys()) | (found.keys() - known):
            yield Difference(executor, name, float("inf"), 0.0)
        for name, value in found.items():
            if name not in known:
                continue
            plain = self.plain.get(name)
            if plain is not None and name.startswith(exact):
                if not np.array_equal(value, plain, equal_nan=True):
                    yield Difference(executor, name, _error(value, plain, 1.0), 0.0)
                continue
            base = 0.0 if plain is None else self.truth.error(name, plain)
            yield from truth.off(executor, name, value, 2 * base + FLOOR)


def differences(case: Case, passes: tuple[Pass, ...] = OPTIONAL) -> list[Difference]:
    """Where executors of a case disagree: U with I, each pass alone, and all of them."""
    reference = Reference(case)
    found = worst(reference.own())
    for name, some in {**{run.__name__: (run,) for run in passes}, "all": passes}.items():
        exact = EXACT.get(some[0], ()) if len(some) == 1 else ()
        fused = fuse_softmax_crossentropy in some
        made = reference.program(some)
        found += worst(reference.against(name, made, exact, fused=fused))
    return found


def worst(found: Iterator[Difference]) -> list[Difference]:
    """The one that is farthest off, by what is allowed."""
    every = list(found)
    return [max(every, key=lambda each: each.error / max(each.allowed, 1e-12))] if every else []
