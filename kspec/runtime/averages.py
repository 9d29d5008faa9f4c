"""`swap_ema`: the averages of the weights in their places, for a while."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kspec.runtime.executable import updates_of

if TYPE_CHECKING:
    from kspec.runtime.run import Run


@contextmanager
def swapped(run: Run, *, to_keep: bool = False) -> Generator[None]:
    """Let a run have its averages in the weights' places, where the spec asks for that.

    Args:
        run: The run.
        to_keep: Whether the weights are going to be kept, which only `swap_on_epoch` is about.
    """
    at = run.position.phase
    section = run.watch.swap(at)
    updates = updates_of(run.executable, run.bundle.plan.phases[at].name)
    if (
        section is None
        or (to_keep and not section.swap_on_epoch)
        or not hasattr(updates, "finalize")
    ):
        yield
        return
    before = run.state
    run.state = run.placement.whole(updates.finalize(before))
    try:
        yield
    finally:
        run.state = before
