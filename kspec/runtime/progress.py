"""What a user sees while a run trains. All of it goes to stderr; stdout is for data."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TextIO, cast

if TYPE_CHECKING:
    from kspec.runtime.loop import Score

MOST_NUMBERS: Final = 10  # of one metric that are shown


class Progress(Protocol):
    """Told about the run as it goes."""

    def begin(self, epochs: int, steps: int) -> None:
        """Training starts: the last epoch's number and an epoch's steps."""
        ...

    def step(self, epoch: int, done: int, loss: float) -> None:
        """Steps of an epoch are done; `epoch` counts from 1."""
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


class _Sturdy(io.TextIOBase):
    """A stream that may break; once it has, nothing more is written and nothing fails.

    A run must not die because a terminal or a pipe that watched it went away.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The stream's encoding."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether somebody watches."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's number, by which a terminal's width is asked."""
        return self._stream.fileno()

    def write(self, text: str, /) -> int:
        """Write, if it still can be."""
        if not self._broken:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._broken = True
        return len(text)

    def flush(self) -> None:
        """Flush, if it still can be."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._broken = True


class QuietProgress:
    """Says nothing."""

    def begin(self, epochs: int, steps: int) -> None:
        """Nothing."""

    def step(self, epoch: int, done: int, loss: float) -> None:
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
        self._out = _Sturdy(stream)
        self._epochs = 0

    def begin(self, epochs: int, steps: int) -> None:
        """Remember how many epochs there are."""
        self._epochs = epochs

    def step(self, epoch: int, done: int, loss: float) -> None:
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


class LiveProgress:
    """A bar for the running epoch, and a table that grows by a row an epoch.

    The table has a column a metric and a line a split, so that it fits 80 columns.
    """

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=cast("IO[str]", _Sturdy(stream)), highlight=False)
        self._bar: Any = None
        self._task: Any = None
        self._epochs = self._steps = 0

    def begin(self, epochs: int, steps: int) -> None:
        """Put the bar up."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._epochs, self._steps = epochs, steps
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("[dim]{task.fields[loss]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("compiling", total=steps, loss="")
        self._bar.start()

    def step(self, epoch: int, done: int, loss: float) -> None:
        """Move the bar."""
        name = f"epoch {epoch}/{self._epochs}"
        shown = f"loss {number(loss)}"
        self._bar.update(self._task, description=name, completed=done, loss=shown)

    def epoch(self, epoch: int, metrics: Mapping[str, Score], seconds: float) -> None:
        """Print a line for each split above the bar."""
        splits: dict[str, dict[str, Score]] = {}
        for name, value in metrics.items():
            split, _, metric = name.rpartition(".")
            splits.setdefault(split or "train", {})[metric] = value
        head = f"epoch {epoch:>{len(str(self._epochs))}}/{self._epochs}"
        for index, (split, values) in enumerate(splits.items()):
            left = head if index == 0 else " " * len(head)
            took = f"[dim]{seconds:.1f} s[/dim]" if index == 0 else ""
            shown = "  ".join(
                f"[dim]{name}[/dim] [bold]{show_score(value)}[/bold]"
                for name, value in values.items()
            )
            self._console.print(f"{left}  {split:<10}  {shown}  {took}", soft_wrap=True)
        self._bar.reset(self._task, total=self._steps)

    def say(self, text: str) -> None:
        """The text on a line, above the bar."""
        self._console.print(text, markup=False, soft_wrap=True)

    def end(self) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()


def choose(quiet: bool, stream: TextIO) -> Progress:
    """The display that suits a stream: live on a terminal, plain elsewhere."""
    if quiet:
        return QuietProgress()
    if stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        return LiveProgress(stream)
    return PlainProgress(stream)
