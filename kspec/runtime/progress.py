"""What a user sees while a run trains. All of it goes to stderr; stdout is for data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TextIO

from kspec.runtime.sturdy import Sturdy

if TYPE_CHECKING:
    from kspec.runtime.loop import Score

MOST_NUMBERS: Final = 10  # of one metric that are shown


class Now(NamedTuple):
    """How a run stands, beside its loss; None for what is not known.

    Attributes:
        rate: The learning rate of the last update.
        memory: The bytes that are in use on the device.
    """

    rate: float | None = None
    memory: int | None = None


NOTHING: Final[Callable[[], Now]] = Now


class Progress(Protocol):
    """Told about the run as it goes."""

    def begin(self, epochs: int, steps: int) -> None:
        """Training starts: the last epoch's number and an epoch's steps."""
        ...

    def step(self, epoch: int, done: int, loss: float, now: Callable[[], Now] = NOTHING) -> None:
        """Steps of an epoch are done; `epoch` counts from 1, `now` is called if it is shown."""
        ...

    def epoch(self, epoch: int, metrics: Mapping[str, Score], seconds: float) -> None:
        """An epoch is done."""
        ...

    def say(self, text: str) -> None:
        """Something else happened."""
        ...

    def end(self) -> None:
        """Nothing more will come."""
        ...


def show_metrics(metrics: Mapping[str, Score]) -> str:
    """`loss 0.1234  accuracy 0.9612`, names and numbers in order."""
    return "  ".join(f"{name} {show_score(value)}" for name, value in metrics.items())


def show_score(score: Score) -> str:
    """A number, or several in parentheses; of many, the first ones and how many there are."""
    if not isinstance(score, list):
        return number(score)
    shown = [number(each) for each in score[:MOST_NUMBERS]]
    if len(score) > MOST_NUMBERS:
        shown.append(f"... {len(score)} in all")
    return f"({', '.join(shown)})"


def number(value: float) -> str:
    """Four digits after the point, or an exponent for what is very small or large."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4f}"
    return f"{value:.3e}"


class QuietProgress:
    """Says nothing."""

    def begin(self, epochs: int, steps: int) -> None:
        """Nothing."""

    def step(self, epoch: int, done: int, loss: float, now: Callable[[], Now] = NOTHING) -> None:
        """Nothing."""

    def epoch(self, epoch: int, metrics: Mapping[str, Score], seconds: float) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class PlainProgress:
    """One plain line an epoch, for pipes and logs."""

    def __init__(self, stream: TextIO) -> None:
        self._out = Sturdy(stream)
        self._epochs = 0

    def begin(self, epochs: int, steps: int) -> None:
        """Remember how many epochs there are."""
        self._epochs = epochs

    def step(self, epoch: int, done: int, loss: float, now: Callable[[], Now] = NOTHING) -> None:
        """Nothing: a line an epoch is enough."""

    def epoch(self, epoch: int, metrics: Mapping[str, Score], seconds: float) -> None:
        """`epoch 3/5  loss 0.1234  ...  0.4 s`."""
        head = f"epoch {epoch:>{len(str(self._epochs))}}/{self._epochs}"
        self.say(f"{head}  {show_metrics(metrics)}  {seconds:.1f} s")

    def say(self, text: str) -> None:
        """The text on a line."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def end(self) -> None:
        """Nothing."""


def choose(quiet: bool, stream: TextIO) -> Progress:
    """The display that suits a stream: live on a terminal, plain elsewhere and without colors."""
    if quiet:
        return QuietProgress()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("", "dumb")
    if plain or not stream.isatty():
        return PlainProgress(stream)
    from kspec.runtime.view import LiveProgress

    return LiveProgress(stream)
