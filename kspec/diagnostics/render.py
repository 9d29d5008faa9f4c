"""Show a diagnostic as rustc does: title, place, the lines with carets, notes, help."""

from __future__ import annotations

import unicodedata
from typing import Final

from kspec.diagnostics.core import Diagnostic, Label, Source, Span

TAB: Final = 4
WIDEST: Final = 120  # of a shown line
_RESET: Final = "\x1b[0m"
_COLORS: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "bold": "\x1b[1m",
    "gutter": "\x1b[1;34m",
    "label": "\x1b[1;34m",
    "help": "\x1b[1;36m",
}


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """The report of one mistake, without a final line end."""
    return "\n".join(_Report(diagnostic, color).lines())


class _Report:
    def __init__(self, diagnostic: Diagnostic, color: bool) -> None:
        self.d = diagnostic
        self.color = color
        spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
        lines = [span.line for span in spans if span]
        self.margin = " " * len(str(max(lines, default=0)))

    def paint(self, text: str, style: str) -> str:
        return f"{_COLORS[style]}{text}{_RESET}" if self.color and text else text

    def lines(self) -> list[str]:
        d = self.d
        head = self.paint(f"{d.severity}[{d.code}]", d.severity)
        out = [f"{head}{self.paint(': ' + escape(d.title_text()), 'bold')}"]
        if d.span is not None:
            out += self._place(d.span)
        notes = [("note", d.note_text()), ("help", d.help_text())]
        notes = [(word, text) for word, text in notes if text]
        if notes and d.span is not None:
            out.append(f"{self.margin} {self.paint('|', 'gutter')}")
        for word, text in notes:
            head, *rest = text.split("\n")
            mark = self.paint("=", "gutter")
            out.append(f"{self.margin} {mark} {self.paint(word, 'help')}: {escape(head)}")
            out += [f"{self.margin}   {' ' * len(word)}  {escape(line)}" for line in rest]
        return out

    def _place(self, span: Span) -> list[str]:
        arrow = self.paint("-->", "gutter")
        out = [f"{self.margin}{arrow} {escape(span.source.name)}:{span.line}:{span.column}"]
        out.append(f"{self.margin} {self.paint('|', 'gutter')}")
        labels = [(Label(span, self.d.label_text()), True)]
        labels += [(label, False) for label in self.d.labels if label.span.source == span.source]
        by_line: dict[int, list[tuple[Label, bool]]] = {}
        for label, primary in labels:
            by_line.setdefault(label.span.line, []).append((label, primary))
        before = None
        for number in sorted(by_line):
            if before is not None and number > before + 1:
                out.append(self.paint("...", "gutter"))
            out += self._line(span.source, number, by_line[number])
            before = number
        for label in self.d.labels:
            if label.span.source != span.source:
                out += self._elsewhere(label)
        return out

    def _elsewhere(self, label: Label) -> list[str]:
        where = f"{escape(label.span.source.name)}:{label.span.line}:{label.span.column}"
        arrow = self.paint(":::", "gutter")
        return [
            f"{self.margin}{arrow} {where}",
            *self._line(label.span.source, label.span.line, [(label, False)]),
        ]

    def _line(self, source: Source, number: int, labels: list[tuple[Label, bool]]) -> list[str]:
        """A line of the spec with its labels below: the rightmost beside its carets."""
        text = source.lines[number - 1]
        start = min(label.span.column for label, _ in labels) - 1
        first = 0 if _width(text) <= WIDEST else max(0, start - WIDEST // 3)
        shown = text[first : first + WIDEST]
        bar = self.paint("|", "gutter")
        dots = "..." if first else ""
        tail = "..." if first + WIDEST < len(text) else ""
        line = f"{dots}{_expand(shown)}{tail}".rstrip()
        gutter = self.paint(str(number).rjust(len(self.margin)), "gutter")
        out = [f"{gutter} {bar} {line}"]
        ordered = sorted(labels, key=lambda each: each[0].span.column, reverse=True)
        marks = [
            (self._columns(label.span, text, first, len(dots)), label, primary)
            for label, primary in ordered
        ]
        row = ""
        for (at, width), _, primary in reversed(marks):
            row = row.ljust(at)[:at] + ("^" if primary else "-") * width
        (_, last, primary), *others = marks
        out.append(f"{self.margin} {bar} {self._paint_row(row)}{self._text(last, primary)}")
        for (at, _), label, primary in others:
            out.append(f"{self.margin} {bar} {' ' * at}{self._text(label, primary).lstrip()}")
        return out

    def _paint_row(self, row: str) -> str:
        style = self.d.severity if "^" in row else "label"
        return self.paint(row, style)

    def _text(self, label: Label, primary: bool) -> str:
        text = escape(label.text)
        return self.paint(f" {text}", self.d.severity if primary else "label") if text else ""

    def _columns(self, span: Span, text: str, first: int, shift: int) -> tuple[int, int]:
        """Where a span's carets start, and how many there are."""
        start = span.column - 1
        end = min(len(text), start + max(1, span.end - span.start))
        at = _width(text[first:start]) + shift
        return at, max(1, _width(text[max(start, first) : min(end, first + WIDEST)]))


def _expand(text: str) -> str:
    return "".join(" " * TAB if char == "\t" else escape(char) for char in text)


def _width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    total = 0
    for char in text:
        if char == "\t":
            total += TAB
        elif unicodedata.combining(char):
            continue
        else:
            wide = unicodedata.east_asian_width(char) in ("W", "F")
            total += 2 if wide else len(escape(char))
    return total


def escape(text: str) -> str:
    """Text that cannot move the cursor, change colors, or turn its direction."""
    return "".join(
        char
        if char.isprintable() or char == " "
        else char.encode("unicode_escape", "backslashreplace").decode("ascii")
        for char in text
    )
