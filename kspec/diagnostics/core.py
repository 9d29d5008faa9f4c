"""Mistakes as data: where, what, why, and what to type instead.

A `Diagnostic` is a frozen record. Each mistake has a class of its own in
`kspec.diagnostics.errors`; its texts are templates over the record's fields, so that
the place that finds a mistake names facts and never writes prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from kspec.diagnostics.record import Keywords, Node

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Source:
    """A text and the name under which messages show it.

    Attributes:
        name: The path as the user gave it, with forward slashes, or `<text>`.
        text: The whole text.
    """

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text's lines without their ends."""
        return tuple(self.text.split("\n"))

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start` up to, not including, `end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The 1-based line of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The 1-based column of the first character."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from here to the end of `other`."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


class Label(Node):
    """A second place that explains the first, with its text."""

    span: Span
    text: str


class Diagnostic(Keywords):
    """One mistake. Subclasses give the texts and the fields that the texts name.

    Attributes:
        span: Where the mistake is; None for a mistake with no place in a spec.
        labels: Other places that explain it.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    label: ClassVar[str] = ""
    note: ClassVar[str] = ""
    help: ClassVar[str] = ""
    severity: ClassVar[Severity] = "error"

    span: Span | None
    labels: tuple[Label, ...] = ()

    def facts(self) -> dict[str, object]:
        """The fields that the templates may name."""
        return dict(self.__dict__)

    def title_text(self) -> str:
        """What is wrong, in the author's words."""
        return self.title.format_map(self.facts())

    def label_text(self) -> str:
        """What was needed here, and what came."""
        return self.label.format_map(self.facts())

    def note_text(self) -> str:
        """Why the rule is there; empty where the label says it all."""
        return self.note.format_map(self.facts())

    def help_text(self) -> str:
        """What to type instead; empty where nothing certain can be said."""
        return self.help.format_map(self.facts())


class Reasoned(Diagnostic):
    """A mistake whose reason comes from a rule, which may give advice on a second line."""

    help: ClassVar[str] = "{advice}"
    rule: ClassVar[str] = "reason"  # the field that holds what the rule says

    def facts(self) -> dict[str, object]:
        """The reason and the advice apart."""
        reason, _, advice = str(getattr(self, self.rule)).partition("\n")
        return super().facts() | {self.rule: reason, "advice": advice}


class SpecError(Exception):
    """A spec, or the data that it names, has mistakes.

    Attributes:
        diagnostics: The mistakes, in the order of their places.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(f"error[{d.code}]: {d.title_text()}" for d in diagnostics))
        self.diagnostics = diagnostics

    def render(self, *, color: bool = False) -> str:
        """The full report, as the command line prints it."""
        from kspec.diagnostics.render import render

        return "\n\n".join(render(d, color=color) for d in self.diagnostics)
