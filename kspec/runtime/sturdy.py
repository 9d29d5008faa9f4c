"""A stream that may break while a run writes to it."""

from __future__ import annotations

import io
from typing import TextIO


class Sturdy(io.TextIOBase):
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
