"""Diagnostics for machines: one line each, JSON, and the annotations of GitHub's checks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from kspec.diagnostics.core import Diagnostic, Span
from kspec.diagnostics.render import escape, render

FORMATS: Final = ("full", "concise", "json", "github")


def show(diagnostics: Iterable[Diagnostic], form: str, *, color: bool = False) -> str:
    """Diagnostics as a text without a final line end.

    Args:
        diagnostics: What to show.
        form: One of FORMATS.
        color: Whether `full` is painted.
    """
    if form == "json":
        return json.dumps([as_record(d) for d in diagnostics], indent=2)
    if form == "full":
        return "\n\n".join(render(d, color=color) for d in diagnostics)
    line = concise if form == "concise" else github
    return "\n".join(line(d) for d in diagnostics)


def concise(d: Diagnostic) -> str:
    """`net.kspec:3:14: error[E301]: what is wrong: what is there`."""
    place = f"{d.span.source.name}:{d.span.line}:{d.span.column}: " if d.span else ""
    texts = [text for text in (d.title_text(), d.label_text()) if text]
    return escape(f"{place}{d.severity}[{d.code}]: {': '.join(texts)}")


def github(d: Diagnostic) -> str:
    """A workflow command that GitHub shows beside the line.

    Its form is that of GitHub's documentation of workflow commands.
    """
    fields = {"title": d.code}
    if d.span is not None:
        end = _end(d.span)
        fields |= {"file": d.span.source.name, "line": str(d.span.line)}
        fields |= {"col": str(d.span.column), "endLine": str(end[0]), "endColumn": str(end[1])}
    options = ",".join(f"{name}={_quoted(value, ':,')}" for name, value in fields.items())
    texts = [d.title_text(), d.label_text(), d.help_text()]
    return f"::{d.severity} {options}::{_quoted('. '.join(text for text in texts if text), '')}"


def _quoted(text: str, more: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in text)


def as_record(d: Diagnostic) -> dict[str, Any]:
    """A diagnostic as plain data; lines and columns count from 1, ends are not included."""
    return {
        "code": d.code,
        "severity": d.severity,
        "message": d.title_text(),
        "label": d.label_text(),
        "note": d.note_text() or None,
        "help": d.help_text() or None,
        "place": _place(d.span),
        "labels": [{"message": label.text, "place": _place(label.span)} for label in d.labels],
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    end_line, end_column = _end(span)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _end(span: Span) -> tuple[int, int]:
    return span.source.position(max(span.start, span.end))
