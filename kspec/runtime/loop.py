"""The training loop: epochs cut into dispatches, dispatches into steps.

A dispatch runs K steps on the device. K divides the steps of an epoch where a divisor
of a useful size exists, so that one executable serves them all; what is left over runs
step by step. Everything that a step sees is a function of (seed, epoch, step), so a run
can go on from any dispatch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kspec.data.batches import BatchPlan
from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree, Updates
from kspec.runtime.feed import Feed

Score = float | list[float]  # some metrics have a number for each class or threshold
Metrics = dict[str, Score]
MOST_STEPS: Final = 100  # in a dispatch: more gains nothing, and progress would stall
FEWEST_STEPS: Final = 16  # below this a divisor is not worth its dispatches


@dataclass
class Position:
    """Where a run stands.

    Attributes:
        epoch: Epochs that are done.
        step: Steps that are done in the epoch after those.
        phase: The number of the phase.
        since: The epochs that were done when the phase began.
        sums: What the steps of the running epoch have added up.
    """

    epoch: int = 0
    step: int = 0
    phase: int = 0
    since: int = 0
    sums: Tree = field(default_factory=dict[str, Any])


def steps_per_dispatch(steps: int, *, alone: bool = False) -> int:
    """How many of an epoch's steps go into one dispatch.

    Args:
        steps: Steps of the epoch.
        alone: Whether each must go by itself: see `steps_go_alone`.
    """
    if alone:
        return 1
    if steps <= MOST_STEPS:
        return steps
    divisors = [k for k in range(FEWEST_STEPS, MOST_STEPS + 1) if steps % k == 0]
    return max(divisors, default=MOST_STEPS)


def steps_go_alone(convolves: bool) -> bool:
    """Whether a step is faster in a dispatch of its own.

    XLA's CPU backend runs a convolution inside a loop on one thread and without its fast
    routine: 15 times slower for specs/digits_cnn.kspec on 2 cores with jaxlib 0.10.2.
    """
    return convolves and compat.device().platform == "cpu"


def _float64(each: Any) -> NDArray[np.float64]:
    return np.asarray(each, np.float64)


def _float32(each: Any) -> NDArray[np.float32]:
    return np.asarray(each, np.float32)


def add(total: Tree, more: Tree) -> Tree:
    """The sums of two dispatches, in float64 on the host."""
    more = compat.tree_map(_float64, more)
    return compat.tree_map(np.add, total, more) if total else more


def metrics_of(executable: Executable, sums: Tree) -> Metrics:
    """The loss and the metrics from sums."""
    single = compat.tree_map(_float32, sums)
    return {name: np.asarray(v).tolist() for name, v in executable.results(single).items()}


def train_epoch(
    updates: Updates,
    state: Tree,
    feed: Feed,
    plan: BatchPlan,
    position: Position,
    most: int,
    after: Callable[[Tree, Position, float], bool],
) -> Tree:
    """Run the rest of an epoch.

    Args:
        updates: The generated functions of the phase.
        state: The state; it is used up.
        feed: The data.
        plan: Which rows each step gets.
        position: Where the run stands; moved along.
        most: Steps in a dispatch.
        after: Called after each dispatch with the state, the position and the dispatch's
            loss; returns whether to stop.

    Returns:
        The new state.
    """
    for first, count in _dispatches(plan.steps, position.step, most):
        rows, mask = plan.indices(position.epoch, first, count)
        if count == 1:
            batch = feed.batch("train", rows[0])
            state, sums = updates.train_step(state, batch, mask[0])
        else:
            data, at = feed.gatherable("train", rows)
            state, sums = updates.train_steps(state, data, at, mask)
        sums = compat.to_host(sums)
        position.sums = add(position.sums, sums)
        position.step = first + count
        loss = float(sums["loss"]["total"] / max(sums["loss"]["count"], 1))
        if after(state, position, loss):
            break
    return state


def _dispatches(steps: int, first: int, most: int) -> Iterator[tuple[int, int]]:
    """(first step, count) of each dispatch; counts other than `most` are single steps."""
    while first < steps:
        aligned = first % most == 0 and first + most <= steps
        count = most if aligned else 1
        yield first, count
        first += count


def evaluate(
    executable: Executable, state: Tree, feed: Feed, split: str, batch: int, *, alone: bool
) -> Metrics:
    """The loss and the metrics of a split, in file order.

    All splits run in dispatches of one size; what is missing in the last one is masked.
    """
    count = 1 if alone else min(MOST_STEPS, *(-(-rows // batch) for rows in feed.rows.values()))
    plan = BatchPlan(rows=feed.rows[split], batch=batch, seed=0, shuffle=False)
    sums: Tree = {}
    for first in range(0, plan.steps, count):
        rows, mask = plan.indices(0, first, count)
        if count == 1:
            part = executable.eval_step(state, feed.batch(split, rows[0]), mask[0])
        else:
            data, at = feed.gatherable(split, rows)
            part = executable.eval_steps(state, data, at, mask)
        sums = add(sums, compat.to_host(part))
    return metrics_of(executable, sums)


def predict(
    executable: Executable, state: Tree, inputs: Mapping[str, NDArray[Any]], batch: int
) -> dict[str, NDArray[Any]]:
    """The outputs for any number of examples, in batches of one size."""
    count = len(next(iter(inputs.values())))
    parts: list[dict[str, NDArray[Any]]] = []
    for first in range(0, count, batch):
        rows = np.arange(first, first + batch) % count
        out = executable.predict(state, {name: x[rows] for name, x in inputs.items()})
        parts.append({name: np.asarray(y) for name, y in out.items()})
    if not parts:
        return {}
    return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}


class Stopwatch:
    """Seconds since a start."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """How long it has run."""
        return time.perf_counter() - self._start
