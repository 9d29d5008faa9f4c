"""What is done while a run trains: by a run folder, or by functions of the user's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.runtime.executable import Tree
from kspec.runtime.loop import Position
from kspec.runtime.signals import Stop
from kspec.runtime.watch import Kept

if TYPE_CHECKING:
    from kspec.runtime.run import Run

Record = dict[str, Any]  # one epoch: number, seconds, metrics by split


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is called as a run trains; the first two may give True to end training.

    Attributes:
        after_dispatch: Is told whether the dispatch was the last one of its epoch.
        after_epoch: Gets the epoch's record.
        keep: Gets the best weights, and what they are kept for.
        saves: Whether `after_dispatch` is going to save the state.
        stop: What asks the run to stop; ctrl-C by default.
    """

    after_dispatch: Callable[[Tree, Position, bool], object] | None = None
    after_epoch: Callable[[Record, Tree, Position], object] | None = None
    keep: Callable[[str, Kept], None] | None = None
    saves: Callable[[Tree, Position], bool] | None = None
    stop: Stop | None = None


def hooks_of(callbacks: Sequence[Any], run: Run) -> Hooks:
    """The hooks that call the user's callbacks, in their order.

    Args:
        callbacks: Functions of an epoch's record and the run, or objects with `on_epoch_end`,
            which is such a function, or `on_dispatch_end`, a function of the run.
        run: The run.

    Raises:
        TypeError: One is neither.
    """
    epochs: list[Callable[[Record, Run], object]] = []
    dispatches: list[Callable[[Run], object]] = []
    for each in callbacks:
        epoch, dispatch = (
            getattr(each, "on_epoch_end", None),
            getattr(each, "on_dispatch_end", None),
        )
        if epoch is None and dispatch is None:
            if not callable(each):
                raise TypeError(
                    f"{each!r} is no callback: give a function of (record, run), or an object "
                    "with on_epoch_end(record, run) or on_dispatch_end(run)"
                )
            epoch = each
        epochs += [epoch] if epoch is not None else []
        dispatches += [dispatch] if dispatch is not None else []

    def after_dispatch(state: Tree, position: Position, last: bool) -> bool:
        return any([call(run) is True for call in dispatches])

    def after_epoch(record: Record, state: Tree, position: Position) -> bool:
        return any([call(record, run) is True for call in epochs])

    return Hooks(after_dispatch if dispatches else None, after_epoch if epochs else None)
