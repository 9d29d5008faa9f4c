"""What a terminal shows of a run: a bar for the running epoch, and lines that stay above it."""

from __future__ import annotations

import sys
import textwrap
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, TextIO, cast

from kspec.estimate.sizes import in_words
from kspec.runtime.progress import NOTHING, Now, number, show_score
from kspec.runtime.sturdy import Sturdy

if TYPE_CHECKING:
    from rich.progress import Progress, Task

    from kspec.runtime.loop import Score

Styled = tuple[str, str]  # a text, and how rich shows it
SPLIT: Final = 10  # the width of a split's name
RECENT: Final = 50  # dispatches by which the time that is left is told
GAP: Final = "  "
DRAWN: Final = 0.1  # seconds from one drawing of the bar to the next


class Rows:
    """The lines of epochs: one a split, more where it is wider than the terminal.

    Numbers stand below those of the epoch before: no column gets narrower again.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._widths: dict[str, int] = {}

    def of(
        self, epoch: int, metrics: Mapping[str, Score], seconds: float, width: int
    ) -> list[list[Styled]]:
        """The lines of an epoch, each in pieces; its time stands below its number."""
        head = f"epoch {epoch:>{len(str(self._epochs))}}/{self._epochs}"
        lines: list[list[Styled]] = []
        for split, values in by_split(metrics).items():
            left = f"{'' if lines else head:<{len(head)}}{GAP}{split:<{SPLIT}}"
            parts = [self._metric(split, *each) for each in values.items()]
            lines += folded((left, ""), parts, width)
        took = f"{seconds:.1f} s"
        if len(lines) > 1 and lines[1][0][0].startswith(" " * len(head)):
            left, style = lines[1][0]
            lines[1][:1] = [(took.rjust(len(head)), "dim"), (left[len(head) :], style)]
        else:
            lines[0] += [(GAP, ""), (took, "dim")]
        return lines

    def _metric(self, split: str, name: str, value: Score) -> list[Styled]:
        shown = show_score(value)
        widest = max(self._widths.get(name, 0), len(shown))
        self._widths[name] = widest
        return [(f"{name} ", "dim"), (shown.rjust(widest), "bold" if split != "train" else "")]


def by_split(metrics: Mapping[str, Score]) -> dict[str, dict[str, Score]]:
    """`validation.loss` is the loss of the validation split; what has no split is of training."""
    splits: dict[str, dict[str, Score]] = {}
    for name, value in metrics.items():
        split, _, metric = name.rpartition(".")
        splits.setdefault(split or "train", {})[metric] = value
    return splits


def folded(left: Styled, parts: Sequence[Sequence[Styled]], width: int) -> list[list[Styled]]:
    """Parts side by side behind `left`, on further lines where they would pass the width."""
    sizes = [sum(len(text) for text, _ in part) for part in parts]
    room = width - len(GAP) - max(sizes, default=0)
    indent = " " * max(0, min(len(left[0]), room))
    lines = [[left]]
    at = len(left[0])
    for part, size in zip(parts, sizes, strict=True):
        if at + len(GAP) + size > width and at > len(indent):
            lines.append([(indent, "")])
            at = len(indent)
        lines[-1] += [(GAP, ""), *part]
        at += len(GAP) + size
    return lines


def as_lines(split: str, metrics: Mapping[str, Score], width: int | None) -> list[str]:
    """The metrics of a split as plain text; one line where there is no width."""
    parts = [[(f"{name} {show_score(value)}", "")] for name, value in metrics.items()]
    lines = folded((f"{split:<{SPLIT}}", ""), parts, width or sys.maxsize)
    return ["".join(text for text, _ in line) for line in lines]


class Clock:
    """How long a run still takes, by its last dispatches, evaluation between them included."""

    def __init__(self, last: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._last, self._clock = last, clock
        self._marks: deque[tuple[float, int]] = deque(maxlen=RECENT)
        self._began = clock()

    def mark(self, done: int) -> None:
        """So many steps are done now, of all epochs together."""
        self._marks.append((self._clock(), done))

    def shown(self) -> str:
        """The time that is left; how long it has been, as long as that cannot be told."""
        if len(self._marks) < 2 or self._marks[-1][1] <= self._marks[0][1]:
            return _minutes(self._clock() - self._began)
        (first, begun), (now, done) = self._marks[0], self._marks[-1]
        left = (now - first) / (done - begun) * (self._last - done)
        return f"{_minutes(max(0.0, left - (self._clock() - now)))} left"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class LiveProgress:
    """A bar for the running epoch, and the lines of those that are done."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=cast("IO[str]", Sturdy(stream)), highlight=False)
        self._bar: Any = None
        self._task: Any = None
        self._epochs = self._steps = 0
        self._told = -DRAWN

    def begin(self, epochs: int, steps: int) -> None:
        """Put the bar up."""
        self._epochs, self._steps = epochs, steps
        self._rows, self._clock = Rows(epochs), Clock(epochs * steps)
        self._bar = _bar(self._console, self._clock)
        self._task = self._bar.add_task("compiling", total=steps, numbers="")
        self._bar.start()

    def step(self, epoch: int, done: int, loss: float, now: Callable[[], Now] = NOTHING) -> None:
        """Move the bar; its numbers change no more often than it is drawn."""
        self._clock.mark((epoch - 1) * self._steps + done)
        name = f"epoch {epoch}/{self._epochs}"
        self._bar.update(self._task, description=name, completed=done)
        if time.monotonic() - self._told >= DRAWN:
            self._told = time.monotonic()
            numbers = GAP.join((*status(loss, now(), self._console.width), ""))
            self._bar.update(self._task, numbers=numbers)

    def epoch(self, epoch: int, metrics: Mapping[str, Score], seconds: float) -> None:
        """Print the epoch's lines above the bar."""
        from rich.text import Text

        for line in self._rows.of(epoch, metrics, seconds, self._console.width):
            self._console.print(Text.assemble(*line), soft_wrap=True)
        if epoch < self._epochs:
            name = f"epoch {epoch + 1}/{self._epochs}"
            self._bar.update(self._task, description=name, completed=0)

    def say(self, text: str) -> None:
        """The text above the bar; a sentence goes on where a word ends, a report stays as it is."""
        if "\n" not in text:
            width = self._console.width
            text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
        self._console.print(text, markup=False, soft_wrap=True)

    def end(self) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()


def status(loss: float, now: Now, width: int) -> list[str]:
    """What stands beside the bar: the rate and the memory where they are known and have room."""
    found = [f"loss {number(loss)}"]
    if now.rate is not None and width >= 72:
        found.append(f"rate {now.rate:.3g}")
    if now.memory is not None and width >= 80:
        found.append(in_words(now.memory))
    return found


def _bar(console: Any, clock: Clock) -> Progress:
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """The clock, read each time that the bar is drawn."""

        def render(self, task: Task) -> Text:
            return Text(clock.shown(), style="cyan")

    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[numbers]}", markup=False),
        Left(table_column=Column(no_wrap=True)),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=1 / DRAWN,
    )
