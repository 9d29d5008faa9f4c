"""Texts in folders, one folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import Pieces
from kspec.data.columns import hash_of, kept
from kspec.data.folders import (
    FileKind,
    FolderTable,
    FoundFile,
    Listing,
    content_of,
    list_folder,
    threaded,
)
from kspec.data.packed import arrays_of, check_memory
from kspec.data.paths import unreadable

if TYPE_CHECKING:
    from kspec.data.base import Array

FORMAT: Final = 1  # of what is kept of texts: a new number for every change of what they become
TEXTS: Final = FileKind("text files", (".txt",))  # those of Keras
_PART: Final = 2**8  # files that are read at once


@final
@source("text_folder")
class TextFolder(DataSource):
    """Texts in sub-folders, one a class, as Keras' `text_dataset_from_directory` takes them.

    Gives `text`, str, and `label`, whose classes are the sub-folders in sorted order. A folder
    without sub-folders gives texts alone.
    """

    path: str = arg(doc="The folder, from the spec's folder.")
    max_length: int | None = arg(
        default=None, doc="Characters of a text behind which it is cut; none for no such limit."
    )

    def check(self) -> str | None:
        """There are characters."""
        few = self.max_length is not None and self.max_length < 1
        return "max_length must be at least 1" if few else None

    def open(self, folder: Path) -> Table:
        """List the texts, and see that they are such."""
        return TextTable(list_folder(folder, self.path, TEXTS), self.max_length)


@final
class TextTable(FolderTable):
    """Texts, which are kept as an array.

    Args:
        listing: The files.
        most: Characters behind which a text is cut; None for no limit.

    Raises:
        SpecError: A file is no text, or they need more memory than there is.
    """

    def __init__(self, listing: Listing, most: int | None) -> None:
        self._most = most
        found = threaded(self._look, listing.files)
        self._digests = [digest for _, digest in found]
        self._longest = max(1, *(length for length, _ in found))
        check_memory(4 * self._longest * len(found), listing.shown)
        key = hash_of(f"{FORMAT} {most}", *self._digests)
        super().__init__(listing, "text", Column("str", ()), key)

    def _look(self, file: FoundFile) -> tuple[int, str]:
        """The characters of a file, and a hash of its content."""
        content = content_of(file)
        return len(self._text(content, file)), hashlib.sha256(content).hexdigest()

    def _text(self, content: bytes, file: FoundFile) -> str:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise unreadable(file.shown, f"it is not UTF-8 text (byte {error.start})") from None
        if "\0" in text:
            raise unreadable(file.shown, "it has the character U+0000")
        return text[: self._most]

    def load(self) -> Array:
        """All texts."""
        return kept(self.listing.shown, "texts", self.key, self._pieces)

    def _pieces(self) -> Pieces:
        dtype = f"U{self._longest}"

        def make() -> Iterator[Array]:
            for start in range(0, len(self), _PART):
                numbers = range(start, min(start + _PART, len(self)))
                yield from arrays_of(threaded(self._read, numbers), dtype)

        return Pieces(dtype, (len(self),), make)

    def _read(self, number: int) -> str:
        file = self.listing.files[number]
        return self._text(content_of(file, self._digests[number]), file)
