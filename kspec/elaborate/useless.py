"""Sections of a train block that can do nothing, and those that the optimizers refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kspec.callbacks.base import Callback
from kspec.callbacks.reduce_lr import ReduceLR
from kspec.callbacks.stop import Stop
from kspec.callbacks.swap_ema import SwapEMA
from kspec.diagnostics import Span
from kspec.diagnostics.errors import RateIsScheduled
from kspec.diagnostics.lints import NoEffect
from kspec.diagnostics.record import Node
from kspec.elaborate.reporter import Reporter
from kspec.ir import Call


class Use(Node):
    """A section in one of the phases that it holds for.

    Attributes:
        callback: What it says.
        epochs: The epochs of the phase.
        optimizers: The optimizers of the phase.
    """

    callback: Callback
    epochs: int
    optimizers: tuple[Call, ...]


class Uses:
    """All sections with their uses: one for all phases does something if it does so in one."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.by_place: dict[Span, list[Use]] = {}

    def add(
        self,
        callbacks: Mapping[str, Callback],
        places: Mapping[str, Span],
        epochs: int,
        optimizers: Iterable[Call],
    ) -> None:
        """Note the sections of a phase. Raises Failed where its optimizers refuse one."""
        found = tuple(optimizers)
        for name, callback in callbacks.items():
            if isinstance(callback, ReduceLR):
                self._check_rates(places[name], found)
            self.by_place.setdefault(places[name], []).append(Use(callback, epochs, found))

    def _check_rates(self, place: Span, optimizers: tuple[Call, ...]) -> None:
        """A rate is lowered, or a function of the update's number; Keras says so in `fit`."""
        for optimizer in optimizers:
            rate = optimizer.args["learning_rate"]
            if isinstance(rate, Call):
                scheduled = RateIsScheduled(
                    span=place, schedule=rate.name, optimizer=optimizer.name
                )
                self.reporter.fail(scheduled)

    def look(self) -> None:
        """Warn of sections that never act."""
        for place, uses in self.by_place.items():
            reasons = [_idle(use) for use in uses]
            longest = max(range(len(uses)), key=lambda at: uses[at].epochs)
            reason = reasons[longest]
            if reason is not None and None not in reasons:
                name = uses[longest].callback.name
                self.reporter.report(NoEffect(span=place, what=name, reason=reason))


def _idle(use: Use) -> str | None:
    """Why a section does nothing in a phase, or None."""
    callback = use.callback
    if isinstance(callback, Stop):
        goes_back = callback.restore_best_weights
        return None if goes_back else _late(callback.earliest(), use.epochs)
    if isinstance(callback, ReduceLR):
        rates = [rate for each in use.optimizers if (rate := _rate(each)) is not None]
        if all(rate <= callback.min_lr for rate in rates):
            shown = ", ".join(f"{rate:g}" for rate in dict.fromkeys(rates))
            return f"min_lr is {callback.min_lr:g}, and the rate begins at {shown}"
        return _late(callback.earliest(), use.epochs)
    averaged = any(each.args.get("use_ema") for each in use.optimizers)
    if isinstance(callback, SwapEMA) and not averaged:
        return "no optimizer has `use_ema=true`, so there are no averages"
    return None


def _rate(optimizer: Call) -> float | None:
    rate = optimizer.args["learning_rate"]
    return float(rate) if isinstance(rate, (int, float)) else None


def _late(earliest: int, epochs: int) -> str | None:
    """What acts after the last epoch only does nothing."""
    if earliest < epochs:
        return None
    there = "there is 1 epoch" if epochs == 1 else f"there are {epochs} epochs"
    return f"it acts after {earliest} epochs at the earliest, and {there}"
