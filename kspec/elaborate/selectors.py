"""Selectors: which weights a path means."""

from __future__ import annotations

from collections.abc import Iterable

from kspec.diagnostics.errors import NoSuchWeights
from kspec.elaborate.reporter import Reporter
from kspec.ir import matches
from kspec.syntax.tree import Selector


def select(selector: Selector, paths: Iterable[str], reporter: Reporter) -> tuple[str, ...]:
    """The paths that a selector means, one at least. Raises Failed after reporting."""
    known = tuple(paths)
    reporter.spend(1 + len(known) // 10, selector.span)
    found = tuple(path for path in known if matches(selector.parts, tuple(path.split("."))))
    if not found:
        reporter.fail(NoSuchWeights.of(selector.span, ".".join(selector.parts), known))
    return found
