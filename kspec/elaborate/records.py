"""The keys of a record: names, each of them once; `class_weight` alone takes other keys."""

from __future__ import annotations

from kspec.diagnostics import Span
from kspec.diagnostics.errors import DuplicateName, WrongType
from kspec.elaborate.reporter import Reporter
from kspec.syntax import tree


def entries(
    record: tree.Record, reporter: Reporter, *, any_key: bool = False
) -> tuple[tree.Entry, ...]:
    """The entries of a record, whose keys are checked. Raises Failed after reporting.

    Args:
        record: The record.
        reporter: Where mistakes go.
        any_key: Whether a number or a string may be a key, too.
    """
    first: dict[str, Span] = {}
    for entry in record.entries:
        if not any_key and not (entry.key.isidentifier() and entry.key.isascii()):
            got = f"`{entry.key_span.text}`"
            reporter.fail(
                WrongType(
                    span=entry.key_span, name="a key of this record", wanted="a name", got=got
                )
            )
        if entry.key in first:
            reporter.fail(DuplicateName.of(entry.key_span, "key", entry.key, first[entry.key]))
        first[entry.key] = entry.key_span
    return record.entries
