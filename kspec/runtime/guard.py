"""`terminate_on_nan`: updates that leave no numbers are found, and taken back.

Looking at all weights after each update would cost as much as a small model's update. So a
copy of the state is kept that has been looked at: one an epoch, and others never for more than
a hundredth of the time. When the loss is no number any more, or the state has one that is none,
the steps since then run again, one by one, each looked at. What comes of it is the same as if
each had been.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

import jax
import numpy as np

from kspec.callbacks.terminate_on_nan import TerminateOnNaN
from kspec.diagnostics import SpecError
from kspec.runtime import compat, loop
from kspec.runtime.executable import Tree, Updates
from kspec.runtime.feed import Feed
from kspec.runtime.loop import Batches, Position
from kspec.runtime.why import bad_state, bad_step

if TYPE_CHECKING:
    from kspec.runtime.run import Run

SHARE: Final = 100  # the time between two copies is at least so many times that of one
_jax = cast("Any", jax)


@dataclass(slots=True)
class _Copy:
    """A state that has been looked at, and where the run stood."""

    state: Tree
    step: int
    sums: Tree
    skipped: list[int]


@dataclass
class Guard:
    """Looks after the numbers of an epoch.

    Attributes:
        run: The run.
        section: What the spec says.
        plan: Which rows each step gets.
        alarmed: Whether something is no number, and `recover` must be called.
    """

    run: Run
    section: TerminateOnNaN
    plan: Batches
    alarmed: bool = False
    _copy: _Copy | None = None
    _of: Tree | None = None  # the state that it is a copy of
    _taken: float = 0.0  # when it was taken
    _cost: float = 0.0  # how long that took
    _look: Any = field(default_factory=lambda: _jax.jit(_looked_at))

    def begin(self, position: Position) -> None:
        """Look at the state as the epoch, or the rest of it, begins."""
        self.alarmed = False
        run = self.run
        if self._copy is None:
            self._look(run.state)  # compiles it, so that what follows is its cost
        if self._of is not run.state and not self._take(run.state, position):
            raise SpecError((bad_state(run, position),))
        assert self._copy is not None
        self._copy = replace(self._copy, step=position.step, sums=position.sums)
        self._copy.skipped = list(position.skipped)

    def allows(self, state: Tree, position: Position, loss: float, *, must: bool) -> bool:
        """Whether the run may go on from a state; else `alarmed` is set.

        Args:
            state: The state after a dispatch.
            position: Where the run stands.
            loss: The dispatch's loss.
            must: Whether the state is going to be kept, and so has to be looked at.
        """
        due = time.perf_counter() - self._taken > SHARE * self._cost
        fine = bool(np.isfinite(loss))
        self.alarmed = not (fine and (not (due or must) or self._take(state, position)))
        return not self.alarmed

    def recover(self, updates: Updates, feed: Feed, position: Position) -> list[int]:
        """Take the steps since the copy again, without those that give no numbers.

        Returns:
            The steps of the epoch that were left out, the first one being 1.

        Raises:
            SpecError: They are too many in a row. The run stands before the last one of them.
        """
        assert self._copy is not None
        to, copy = position.step, self._copy
        state = copy.state
        position.step, position.sums = copy.step, copy.sums
        position.skipped = list(copy.skipped)
        while position.step < to:
            rows, mask = self.plan.indices(position.epoch, position.step, 1)
            batch = feed.batch("train", rows[0])
            _, used = self._look(state)
            after, sums = updates.train_step(used, batch, mask[0])
            sums = compat.to_host(sums)
            if np.isfinite(sums["loss"]["total"]) and self._look(after)[0]:
                state = after
                position.sums = loop.add(position.sums, sums)
            elif self._in_a_row(position) < self.section.skip:
                state = {**state, "step": state["step"] + 1}
                position.skipped.append(position.step + 1)
            else:
                self.run.state = state
                row = self._in_a_row(position) + 1
                step = (batch, mask[0], rows[0])
                raise SpecError((bad_step(self.run, step, position, row),))
            position.step += 1
        self.run.state = state
        self._take(state, position)
        self.alarmed = False
        return [step for step in position.skipped if step not in copy.skipped]

    def _take(self, state: Tree, position: Position) -> bool:
        """Look at a state, and copy it if it has numbers only; whether it has."""
        start = time.perf_counter()
        fine, copy = self._look(state)
        if not fine:
            return False
        self._copy = _Copy(copy, position.step, position.sums, list(position.skipped))
        self._of = state
        self._taken = time.perf_counter()
        self._cost = self._taken - start
        return True

    def _in_a_row(self, position: Position) -> int:
        """How many steps before this one were left out, one behind the other."""
        epochs: list[Sequence[int]] = [record.get("skipped", ()) for record in self.run.history]
        return in_a_row([*epochs, position.skipped], self.plan.steps, position.step)


def in_a_row(skipped: Sequence[Sequence[int]], steps: int, done: int) -> int:
    """How many steps were left out just now.

    Args:
        skipped: Those of each epoch; the last one is running.
        steps: The steps of an epoch.
        done: Those that are done of the last one.
    """
    count = 0
    for epoch in reversed(skipped):
        left_out = set(epoch)
        while done and done in left_out:
            count += 1
            done -= 1
        if done:
            return count
        done = steps
    return count


def _looked_at(state: Tree) -> tuple[Any, Tree]:
    """Whether a state has numbers only, and a copy of it."""
    numpy = _jax.numpy
    leaves = [x for x in _jax.tree.leaves(state) if numpy.issubdtype(x.dtype, np.floating)]
    fine = numpy.stack([numpy.isfinite(leaf).all() for leaf in leaves]).all()
    return fine, compat.tree_map(numpy.copy, state)
