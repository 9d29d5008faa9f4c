"""Collects mistakes, so that one run shows them all.

A part that cannot go on after a mistake raises `Failed`; the statement around it
catches that, and names that the statement would have bound are marked as broken, so
that their uses stay quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, NoReturn, TypeVar

from kspec.diagnostics import Diagnostic, Label, Span, SpecError
from kspec.diagnostics.errors import TooMuchWork, UnknownName

T = TypeVar("T")
MOST_WORK: Final = 50_000  # statements and layers, with blocks and repeats written out
MOST_FRAMES: Final = 4  # calls around a mistake that its report shows


class Failed(Exception):
    """A mistake has been reported; what was being built does not exist."""


def attempt(part: Callable[[], T]) -> T | None:
    """What a part makes; None after its mistake was reported, so that others are found too."""
    try:
        return part()
    except Failed:
        return None


class Reporter:
    """The mistakes so far, and how much has been written out.

    Attributes:
        names_missing: Whether an import failed, so that unknown names may be its.
    """

    def __init__(self) -> None:
        self.names_missing = False
        self.diagnostics: list[Diagnostic] = []
        self._seen: set[Diagnostic] = set()
        self._frames: list[Label] = []
        self._work = 0

    def report(self, diagnostic: Diagnostic) -> None:
        """Note a mistake and go on. The same one from another call of a block is not new."""
        if diagnostic in self._seen or (self.names_missing and isinstance(diagnostic, UnknownName)):
            return
        self._seen.add(diagnostic)
        frames = tuple(reversed(self._frames))[:MOST_FRAMES]
        if diagnostic.severity == "warning":
            frames = ()
        self.diagnostics.append(diagnostic.replace(labels=(*diagnostic.labels, *frames)))

    @contextmanager
    def frame(self, span: Span, text: str) -> Generator[None]:
        """Mistakes in here also show this call or round."""
        self._frames.append(Label(span, text))
        try:
            yield
        finally:
            self._frames.pop()

    def spend(self, amount: int, span: Span) -> None:
        """Count what is about to be written out. Raises Failed after the limit."""
        if self._work > MOST_WORK:
            raise Failed  # it is reported
        self._work += amount
        if self._work > MOST_WORK:
            self.fail(TooMuchWork(span=span, limit=MOST_WORK))

    def fail(self, diagnostic: Diagnostic) -> NoReturn:
        """Note a mistake and give up what is being built."""
        self.report(diagnostic)
        raise Failed

    def finish(self) -> None:
        """Raise all errors, in the order of their places, if there are any."""
        errors = [d for d in self.diagnostics if d.severity == "error"]
        if errors:
            errors.sort(key=lambda d: d.span.start if d.span else -1)
            raise SpecError(tuple(errors))
