"""Collects mistakes, so that one run shows them all.

A part that cannot go on after a mistake raises `Failed`; the statement around it
catches that, and names that the statement would have bound are marked as broken, so
that their uses stay quiet.
"""

from __future__ import annotations

from typing import NoReturn

from kspec.diagnostics import Diagnostic, SpecError


class Failed(Exception):
    """A mistake has been reported; what was being built does not exist."""


class Reporter:
    """The mistakes so far."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def report(self, diagnostic: Diagnostic) -> None:
        """Note a mistake and go on."""
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

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
