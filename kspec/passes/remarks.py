"""What passes have to say of their work: what they changed, and what they left and why.

A pass is a function from module to module, and stays one: it leaves a remark with `done` or
`refused`, and `collect` gathers those of the passes that run inside of it. Without a
collector they are forgotten. LLVM calls the same thing optimization remarks.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kspec.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a pass did, or did not do.

    Attributes:
        func: The function of the IR, such as `train` or `predict`.
        text: In words.
        span: The place in the spec that it is about.
        refused: Whether it was left as it was; the text says why.
    """

    func: str
    text: str
    span: Span | None = None
    refused: bool = False


_COLLECTOR: ContextVar[list[Remark] | None] = ContextVar("remarks", default=None)


def done(func: str, text: str, span: Span | None = None) -> None:
    """Say what was changed."""
    _add(Remark(func, text, span))


def refused(func: str, text: str, span: Span | None = None) -> None:
    """Say what was not changed, and why."""
    _add(Remark(func, text, span, refused=True))


def _add(remark: Remark) -> None:
    remarks = _COLLECTOR.get()
    if remarks is not None and remark not in remarks:
        remarks.append(remark)


@contextmanager
def collect() -> Generator[list[Remark]]:
    """Gather the remarks of what runs inside."""
    remarks: list[Remark] = []
    token = _COLLECTOR.set(remarks)
    try:
        yield remarks
    finally:
        _COLLECTOR.reset(token)
