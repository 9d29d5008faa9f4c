"""A training function laid out in time: forward in the order of its ops, then backward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kspec.estimate.kept import NO_GRADIENT
from kspec.estimate.sizes import Sizes
from kspec.ir import Func, Op, Value

KEPT: Final = "kept"
GRADIENTS: Final = "gradients"
WORK: Final = "work"


@dataclass(slots=True)
class Buffer:
    """Bytes on the device.

    Attributes:
        size: How many.
        start: The time of the op that makes it.
        end: The time of the last that reads it.
        kind: `kept` for the backward pass, `gradients` of weights, or `work`.
        op: The op whose it is.
    """

    size: int
    start: int
    end: int
    kind: str = WORK
    op: Op | None = None


class Line:
    """Times, and which values have a gradient.

    Attributes:
        func: The function, or the body of a loop.
        learned: The values whose gradient is asked for.
        sizes: The sizes of axes.
        looped: Whether it is the body of a loop, whose rounds hand on all that they keep.
        active: The values that have a gradient.
        makers: The op that made each value.
        places: The place of each op.
        uses: The places of the ops that read each value.
    """

    def __init__(
        self,
        func: Func,
        learned: Iterable[Value],
        wanted: Iterable[Value],
        sizes: Sizes,
        looped: bool,
    ) -> None:
        self.func = func
        self.learned = frozenset(learned)
        self.sizes = sizes
        self.looped = looped
        self.active = self._active(set(wanted))
        self.makers = {value: op for op in func.ops for value in op.results}
        self.places = {op: place for place, op in enumerate(func.ops)}
        self.uses: dict[Value, list[int]] = {}
        for place, op in enumerate(func.ops):
            for value in op.uses:
                self.uses.setdefault(value, []).append(place)

    @property
    def turn(self) -> int:
        """The time when the forward pass is over."""
        return len(self.func.ops)

    @property
    def end(self) -> int:
        """The time when the backward pass is over."""
        return 2 * len(self.func.ops) + 1

    def back(self, op: Op) -> int:
        """The time of an op's backward pass; that of its forward pass is its place."""
        return self.end - 1 - self.places[op]

    def is_active(self, op: Op) -> bool:
        """Whether an op has a backward pass."""
        return not self.active.isdisjoint(op.results)

    def _active(self, needed: set[Value]) -> set[Value]:
        """Values that depend on what is learned, and that what is wanted depends on."""
        reached = set(self.learned)
        ops = [op for op in self.func.ops if op.name not in NO_GRADIENT]
        for op in ops:
            if not reached.isdisjoint(op.uses):
                reached.update(value for value in op.results if value.type.is_float)
        for op in reversed(ops):
            if not needed.isdisjoint(op.results):
                needed.update(value for value in op.uses if value.type.is_float)
        return reached & needed
