"""Files in folders, one folder a class: what is found, and in which order."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from kspec.data.base import Column
from kspec.data.columns import hash_of, take
from kspec.data.paths import resolve, resolve_folder, unreadable

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

LARGEST_FILE: Final = 2**28  # bytes of one file

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class FileKind:
    """The files that a source reads.

    Attributes:
        noun: What several are called: "images".
        endings: How their names end.
        others: How the names of such files end that are not read, and are not passed over.
    """

    noun: str
    endings: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The endings, for messages."""
        *most, last = self.endings
        return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: Where it is.
        shown: What messages call it.
    """

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder has.

    Attributes:
        shown: What messages call it.
        files: The files, class by class.
        labels: Their class numbers; None where there are no sub-folders.
        classes: The names of the sub-folders.
    """

    shown: str
    files: tuple[FoundFile, ...]
    labels: Array | None
    classes: tuple[str, ...]


def list_folder(folder: Path, path: str, kind: FileKind) -> Listing:
    """The files of a folder, and of its sub-folders, which are classes in sorted order.

    Args:
        folder: The spec's folder.
        path: The folder to list, from there.
        kind: Which files.

    Raises:
        SpecError: There are none, or files beside classes, or classes without files.
    """
    import numpy as np

    real = resolve_folder(folder, path)
    classes = _classes(real, path, kind)
    names = [] if classes else list(find_files(real, path, kind))
    labels: list[int] = []
    for number, name in enumerate(classes):
        shown = f"{path}/{name}"
        found = list(find_files(resolve_folder(folder, shown), shown, kind))
        if not found:
            raise unreadable(shown, f"it has no {kind.noun}, and would be a class of them")
        names += [f"{name}/{each}" for each in found]
        labels += [number] * len(found)
    if not names:
        raise unreadable(path, f"it has no {kind.noun} ({kind.shown})")
    shown_names = [f"{path}/{name}" for name in names]
    files = tuple(FoundFile(resolve(folder, shown), shown) for shown in shown_names)
    return Listing(path, files, np.array(labels, np.int32) if classes else None, classes)


def _classes(folder: Path, shown: str, kind: FileKind) -> tuple[str, ...]:
    """The names of the sub-folders, sorted. Raises SpecError for files beside them."""
    try:
        listed = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        entries = sorted(listed, key=lambda entry: entry.name)
        classes = tuple(entry.name for entry in entries if entry.is_dir())
    except OSError as error:
        raise unreadable(shown, error.strerror or "it cannot be listed") from None
    if classes:
        for entry in entries:
            if entry.name not in classes and entry.suffix.lower() in kind.endings:
                reason = f"it is in no sub-folder, and so in none of the {len(classes)} classes"
                raise unreadable(f"{shown}/{entry.name}", reason)
    return classes


def find_files(folder: Path, shown: str, kind: FileKind) -> Iterator[str]:
    """The files in and below a folder, by their paths from there, in the order of Keras.

    What begins with a dot is passed over, and files of other kinds.

    Args:
        folder: The folder; links to other folders are not followed.
        shown: What messages call it.
        kind: Which files.

    Raises:
        SpecError: It has files of other formats, links to folders, or cannot be listed.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(shown, error.strerror or "it cannot be listed")

    walk = os.walk(folder, onerror=refuse)
    for root, folders, files in sorted(walk, key=lambda each: each[0]):
        below = Path(root).relative_to(folder)
        if any(part.startswith(".") for part in below.parts):
            continue
        for name in sorted(folders):
            if (Path(root) / name).is_symlink() and not name.startswith("."):
                reason = "it is a link to a folder, and those are not followed"
                raise unreadable(_join(shown, below / name), reason)
        for name in sorted(files):
            ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - as Keras: `.jpg` has none
            if name.startswith(".") or ending not in (*kind.endings, *kind.others):
                continue
            if ending in kind.others:
                reason = f"the {kind.noun} that are read are {kind.shown}"
                raise unreadable(_join(shown, below / name), reason)
            yield (below / name).as_posix()


def _join(shown: str, below: Path) -> str:
    return (Path(shown) / below).as_posix()


class FolderTable:
    """A table with a row a file, which a subclass reads, and the labels of the folders.

    Args:
        listing: The files.
        name: What the column of the files is called.
        column: What it holds.
        key: A hash of the files' contents, and of what they become.
    """

    def __init__(self, listing: Listing, name: str, column: Column, key: str) -> None:
        self.origin = f"`{listing.shown}`"
        self.listing = listing
        self.name = name
        self.column = column
        self.key = key

    def __len__(self) -> int:
        return len(self.listing.files)

    @property
    def columns(self) -> Mapping[str, Column]:
        """The column of the files, and `label` where there are classes."""
        columns = {self.name: self.column}
        if self.listing.labels is not None:
            columns["label"] = Column("i32", (), self.listing.classes)
        return columns

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows; all of them in order are not copied."""
        found: dict[str, Array] = {}
        if self.name in columns:
            found[self.name] = take(self.load(), rows)
        if "label" in columns and self.listing.labels is not None:
            found["label"] = self.listing.labels[rows]
        return found

    @abstractmethod
    def load(self) -> Array:
        """What the files hold, from the cache or read."""

    def unread(self, columns: tuple[str, ...]) -> Mapping[int, tuple[str, str]]:
        """The files that could not be read; none where that is a mistake."""
        del columns
        return {}

    def place(self, row: int, column: str) -> str:
        """The file: `flowers/rose/1.jpg`."""
        del column
        return f"`{self.listing.files[row].shown}`"

    def fingerprint(self) -> str:
        """A hash of the files' contents, their classes, and what they become."""
        labels = () if self.listing.labels is None else map(str, self.listing.labels)
        return hash_of(self.key, *self.listing.classes, *labels)


def digests(files: tuple[FoundFile, ...]) -> tuple[str, ...]:
    """A hash of the content of each file. Raises SpecError for one that cannot be read."""

    def digest(file: FoundFile) -> str:
        return hashlib.sha256(content_of(file)).hexdigest()

    return tuple(threaded(digest, files))


def content_of(file: FoundFile, known: str = "") -> bytes:
    """What is in a file.

    Args:
        file: The file.
        known: The hash of its content, where it was read before.

    Raises:
        SpecError: It cannot be read, is very large, or has changed.
    """
    try:
        if not file.path.is_file():  # reading a pipe would wait for ever
            raise unreadable(file.shown, "it is not a regular file")
        with file.path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise unreadable(file.shown, error.strerror or "it cannot be read") from None
    if len(content) > LARGEST_FILE:
        raise unreadable(file.shown, f"it is larger than {LARGEST_FILE:,} bytes")
    if known and hashlib.sha256(content).hexdigest() != known:
        raise unreadable(file.shown, "it was changed while it was read")
    return content


def threaded(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Do work for all items; the first mistake is the one of the first item that has one."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            return list(pool.map(work, items))
        finally:
            pool.shutdown(cancel_futures=True)
