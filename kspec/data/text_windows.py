"""One text as windows of tokens, for models that predict the next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import Pieces
from kspec.data.columns import hash_of, kept, take
from kspec.data.parsed import SMALL
from kspec.data.paths import resolve, unreadable
from kspec.files import stamp

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

FORMAT: Final = 1  # of what is kept: a new number for every change of what tokens are
_PART: Final = 2**20  # bytes or characters that are read at once


@final
@source("text_windows")
class TextWindows(DataSource):
    """A text as windows of tokens: `tokens` and `next_tokens`, i32[length].

    Window `i` starts at token `i * stride`; `next_tokens` are the same, one token later. Tokens
    are the bytes of the file, from 0 to 255; with an alphabet, they are characters. Tokens at
    the end that fill no window are left out.
    """

    path: str = arg(doc="The file, from the spec's folder.")
    length: int = arg(doc="Tokens of a window.")
    stride: int | None = arg(
        default=None, doc="Tokens between the starts of windows; none for `length`: no overlap."
    )
    alphabet: str | None = arg(
        default=None, doc="The characters of the text, whose numbers are their places here."
    )

    def check(self) -> str | None:
        """There are tokens, and characters once each."""
        if self.length < 1:
            return "length must be at least 1"
        if self.stride is not None and self.stride < 1:
            return "stride must be at least 1"
        if self.alphabet is not None:
            twice = [each for each in self.alphabet if self.alphabet.count(each) > 1]
            if twice or not self.alphabet:
                return f"alphabet has {twice[0]!r} twice" if twice else "alphabet is empty"
        return None

    def open(self, folder: Path) -> Table:
        """Read the text."""
        text = _Text(resolve(folder, self.path), self.path, self.alphabet)
        return WindowTable(text, self.length, self.stride or self.length)


class _Text:
    """A file as tokens.

    Args:
        file: The file.
        shown: What messages call it.
        alphabet: The characters that are tokens; None for bytes.

    Raises:
        SpecError: It cannot be read, or has other characters.
    """

    def __init__(self, file: Path, shown: str, alphabet: str | None) -> None:
        self.file = file
        self.shown = shown
        self.alphabet = alphabet
        self.unit = "byte" if alphabet is None else "character"
        self._stamp = stamp(file)
        try:
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                size = stream.tell()
        except OSError as error:
            raise unreadable(shown, error.strerror or "it cannot be read") from None
        self.key = hash_of(f"{FORMAT} {alphabet!r}", digest)
        plan = partial(self._plan, size)
        small = size < SMALL
        self.tokens = plan().join() if small else kept(shown, "tokens", self.key, plan)

    def _plan(self, size: int) -> Pieces:
        count = size if self.alphabet is None else sum(map(len, self._parts()))
        return Pieces("i4", (count,), self._parts)

    def _parts(self) -> Iterator[Array]:
        """The tokens, so many at once."""
        try:
            yield from self._bytes() if self.alphabet is None else self._characters(self.alphabet)
        except UnicodeDecodeError:
            raise unreadable(self.shown, "it is not UTF-8 text") from None
        except OSError as error:
            raise unreadable(self.shown, error.strerror or "it cannot be read") from None
        if stamp(self.file) != self._stamp:
            raise unreadable(self.shown, "it was changed while it was read")

    def _bytes(self) -> Iterator[Array]:
        import numpy as np

        with self.file.open("rb") as stream:
            while part := stream.read(_PART):
                yield np.frombuffer(part, np.uint8).astype(np.int32)

    def _characters(self, alphabet: str) -> Iterator[Array]:
        import numpy as np

        codes = np.array([ord(each) for each in alphabet], np.int64)
        order = np.argsort(codes)
        line = 1
        with self.file.open(encoding="utf-8-sig", newline="") as stream:
            while part := stream.read(_PART):
                found = np.array([*map(ord, part)], np.int64)
                places = np.searchsorted(codes, found, sorter=order)
                numbers = order[np.minimum(places, len(codes) - 1)]
                bad = np.flatnonzero(codes[numbers] != found)
                if bad.size:
                    line += part.count("\n", 0, int(bad[0]))
                    reason = f"line {line}: {part[bad[0]]!r} is not in the alphabet"
                    raise unreadable(self.shown, reason)
                line += part.count("\n")
                yield numbers.astype(np.int32)


@final
class WindowTable:
    """Windows of a text.

    Args:
        text: The text.
        length: Tokens of a window.
        stride: Tokens between the starts of windows.

    Raises:
        SpecError: The text has not enough tokens for one.
    """

    def __init__(self, text: _Text, length: int, stride: int) -> None:
        import numpy as np

        self.origin = f"`{text.shown}`"
        self._text = text
        self._stride = stride
        self._options = f"{length} {stride}"
        self._column = Column("i32", (length,))
        count = len(text.tokens)
        if count <= length:
            needed = f"a window and the token behind it take {length + 1:,}"
            raise unreadable(text.shown, f"it has {count:,} {text.unit}s, and {needed}")
        windows = np.lib.stride_tricks.sliding_window_view(text.tokens, length)
        self._arrays = {"tokens": windows[:-1:stride], "next_tokens": windows[1::stride]}

    def __len__(self) -> int:
        return len(self._arrays["tokens"])

    @property
    def columns(self) -> Mapping[str, Column]:
        """`tokens`, and `next_tokens`."""
        return dict.fromkeys(self._arrays, self._column)

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows; all of them in order are not copied."""
        return {name: take(self._arrays[name], rows) for name in columns}

    def place(self, row: int, column: str) -> str:
        """`a.txt, from byte 300`; bytes and characters count from 0."""
        del column
        return f"{self.origin}, from {self._text.unit} {row * self._stride}"

    def fingerprint(self) -> str:
        """A hash of the content, and of how it is cut."""
        return hash_of(self._text.key, self._options)
