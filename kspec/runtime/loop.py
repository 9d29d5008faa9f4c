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
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kspec.data.batches import BatchPlan
from kspec.data.buckets import BucketPlan, Buckets
from kspec.ir import TensorType, bound_of
from kspec.runtime import compat
from kspec.runtime.ahead import ahead
from kspec.runtime.executable import Executable, Tree, Updates
from kspec.runtime.feed import MOST_STEPS, Feed

Score = float | list[float]  # some metrics have a number for each class or threshold
Metrics = dict[str, Score]
Batches = BatchPlan | BucketPlan
# Of a dispatch: its first step and how many there are, fields, the rows to gather, the mask.
Input: TypeAlias = "tuple[int, int, dict[str, Any], Any, NDArray[np.float32]]"
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
        skipped: Those of its steps that were left out, the first one being 1.
    """

    epoch: int = 0
    step: int = 0
    phase: int = 0
    since: int = 0
    sums: Tree = field(default_factory=dict[str, Any])
    skipped: list[int] = field(default_factory=list[int])


def steps_per_dispatch(steps: int, *, most: int = MOST_STEPS, alone: bool = False) -> int:
    """How many of an epoch's steps go into one dispatch.

    Args:
        steps: Steps of the epoch.
        most: The most that may.
        alone: Whether each must go by itself: see `steps_go_alone`.
    """
    if alone:
        return 1
    if steps <= most:
        return steps
    divisors = [k for k in range(FEWEST_STEPS, most + 1) if steps % k == 0]
    return max(divisors, default=most)


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
    plan: Batches,
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
    makers = input_makers(feed, plan, position.epoch, position.step, most)
    for first, count, data, at, mask in _inputs(feed, makers):
        if count == 1:
            state, sums = updates.train_step(state, data, mask[0])
        else:
            state, sums = updates.train_steps(state, data, at, mask)
        sums = compat.to_host(sums)
        position.sums = add(position.sums, sums)
        position.step = first + count
        loss = float(sums["loss"]["total"] / max(sums["loss"]["count"], 1))
        if after(state, position, loss):
            break
    return state


def input_makers(
    feed: Feed, plan: Batches, epoch: int, first: int, most: int
) -> Iterator[Callable[[], Input]]:
    """What makes the input of each dispatch of an epoch, from a step on; see `train_epoch`."""

    def input_of(first: int, count: int) -> Input:
        rows, mask = plan.indices(epoch, first, count)
        return (first, count, *_arrays(feed, "train", rows), mask)

    return (partial(input_of, *each) for each in _dispatches(plan, epoch, first, most))


def _arrays(feed: Feed, split: str, rows: NDArray[np.integer[Any]]) -> tuple[dict[str, Any], Any]:
    """The fields of one batch, or those of several and the rows to gather from them."""
    if len(rows) == 1:
        return feed.batch(split, rows[0]), None
    return feed.gatherable(split, rows)


def _inputs(feed: Feed, makers: Iterator[Callable[[], Input]]) -> Iterator[Input]:
    """The input of each dispatch; what is not on the device is brought there ahead."""
    return (make() for make in makers) if feed.resident else ahead(makers)


def _dispatches(plan: Batches, epoch: int, first: int, most: int) -> Iterator[tuple[int, int]]:
    """(first step, count) of each dispatch; counts other than `most` are single steps."""
    while first < plan.steps:
        aligned = first % most == 0 and first + most <= plan.steps
        count = most if aligned and plan.alike(epoch, first, most) else 1
        yield first, count
        first += count


def evaluate(
    executable: Executable,
    state: Tree,
    feed: Feed,
    split: str,
    batch: int,
    *,
    alone: bool,
    tail: Updates | None = None,
) -> Metrics:
    """The loss and the metrics of a split, in file order, bucket by bucket.

    All splits run in dispatches of one size; what is missing in the last one is masked. With
    `tail`, the feed has what the frozen part of that phase gave.
    """
    one, many = executable.eval_step, executable.eval_steps
    if tail is not None:
        one, many = tail.eval_tail_step, tail.eval_tail_steps
    sums: Tree = {}
    for number, chosen in feed.members[split].items():
        sizes = [len(each[number]) for each in feed.members.values() if number in each]
        most = feed.most_steps(batch)
        count = 1 if alone else min(most, *(-(-rows // batch) for rows in sizes))
        plan = BatchPlan(rows=len(chosen), batch=batch, seed=0, shuffle=False)

        def input_of(first: int, plan: BatchPlan, chosen: NDArray[np.int64], count: int) -> Input:
            places, mask = plan.indices(0, first, count)
            return (first, count, *_arrays(feed, split, chosen[places]), mask)

        makers = (
            partial(input_of, first, plan, chosen, count) for first in range(0, plan.steps, count)
        )
        for _, _, data, at, mask in _inputs(feed, makers):
            part = one(state, data, mask[0]) if count == 1 else many(state, data, at, mask)
            sums = add(sums, compat.to_host(part))
    return metrics_of(executable, sums)


def predict(
    executable: Executable,
    state: Tree,
    inputs: Mapping[str, NDArray[Any]],
    batch: int,
    buckets: Buckets,
    types: Mapping[str, TensorType],
) -> dict[str, NDArray[Any]]:
    """The outputs for any number of examples, in their order, in batches of one size.

    Args:
        executable: The program.
        state: Its state.
        inputs: The inputs.
        batch: Examples in a batch.
        buckets: How long batches can be.
        types: The outputs' types; an output with a ragged axis is filled up with zeros.
    """
    numbers = buckets.numbers(inputs)
    outputs: dict[str, NDArray[Any]] = {}
    for number in np.unique(numbers).tolist():
        members = np.flatnonzero(numbers == number)
        for first in range(0, len(members), batch):
            rows = members[np.arange(first, first + batch) % len(members)]
            given = buckets.cut({name: x[rows] for name, x in inputs.items()}, number)
            kept = members[first : first + batch]
            for name, y in executable.predict(state, given).items():
                part = np.asarray(y)[: len(kept)]
                axes = zip(types[name].shape, part.shape, strict=True)
                _, *sizes = (bound_of(axis) or size for axis, size in axes)
                if name not in outputs:
                    outputs[name] = np.zeros((len(numbers), *sizes), part.dtype)
                outputs[name][(kept, *map(slice, part.shape[1:]))] = part
    return outputs


class Stopwatch:
    """Seconds since a start."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """How long it has run."""
        return time.perf_counter() - self._start
