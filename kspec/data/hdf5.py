"""HDF5: files of arrays, also in groups."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from kspec.data.arrays import dtype_name
from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import Pieces
from kspec.data.columns import ColumnTable, check_fields, hash_of, kept
from kspec.data.hdf5_files import Hdf5, open_hdf5
from kspec.data.packed import arrays_of, check_memory
from kspec.data.paths import resolve, unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing, LengthMismatch
from kspec.files import stamp

if TYPE_CHECKING:
    from kspec.data.base import Array

FORMAT: Final = 1  # of what is kept: a new number for every change of what is read
_PART: Final = 2**25  # bytes that are read at once
_CHANGED: Final = "it was changed while it was read"
_TEXT_ROWS: Final = 2**13  # of texts that are read at once


@final
@source("hdf5")
class HDF5(DataSource):
    """The datasets of an HDF5 file, which become the fields of their names.

    Other names, and those in groups, are given as arguments:
    `hdf5("a.h5", image="train/images", label="train/labels")`.
    """

    free_args = True

    path: str = arg(doc="The file, from the spec's folder.")

    def check(self) -> str | None:
        """Fields are names of datasets."""
        return check_fields(self.extra, several=False)

    def open(self, folder: Path) -> Table:
        """List the datasets; they are read when they are asked for."""
        return HDF5Table(resolve(folder, self.path), self.path, self.extra)


@final
class HDF5Table(ColumnTable):
    """Datasets of one length.

    Args:
        file: The file.
        shown: What messages call it.
        fields: Datasets by the field's name; none for all under their own names.

    Raises:
        SpecError: The file is damaged or points elsewhere, a dataset is not there, or they are
            not of one length.
    """

    def __init__(self, file: Path, shown: str, fields: Mapping[str, str]) -> None:
        self.file = file
        self._stamp = stamp(file)
        try:
            with file.open("rb") as stream:
                self._digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(shown, error.strerror or "it cannot be read") from None
        with open_hdf5(file, shown) as (hdf5, root):
            found = dict(_datasets(hdf5, root, ""))
            missing = [name for name in fields.values() if name not in found]
            if missing:
                raise SpecError((FieldMissing.of(None, missing[0], f"`{shown}`", found),))
            chosen = {name: found[name] for name in fields.values() or found}
            self._faults = {name: _fault(hdf5, each) for name, each in chosen.items()}
            good = {name: each for name, each in chosen.items() if not self._faults[name]}
            rows = {name: each.shape[0] for name, each in good.items()}
            known = {name: _column(good.get(name)) for name in chosen}
        if len(set(rows.values())) > 1:
            lengths = ", ".join(f"`{name}` has {count}" for name, count in rows.items())
            raise SpecError((LengthMismatch(span=None, origin=f"`{shown}`", lengths=lengths),))
        if chosen and not good:
            name, reason = next(iter(self._faults.items()))
            raise unreadable(shown, f"`{name}` {reason}")
        super().__init__(shown, max(rows.values(), default=0), known, fields)

    def load(self, name: str) -> Array:
        """A dataset, from the cache or read."""
        if self._faults[name]:
            raise unreadable(self.shown, f"`{name}` {self._faults[name]}")
        read = self._texts if self.known[name].dtype == "str" else self._numbers
        return kept(self.shown, "hdf5", hash_of(self.key(), name), partial(read, name))

    def _numbers(self, name: str) -> Pieces:
        with open_hdf5(self.file, self.shown) as (hdf5, root):
            dtype = self._dataset(hdf5, root, name).dtype.newbyteorder("=")
        shape = self.known[name].sizes
        step = max(1, _PART // max(1, dtype.itemsize * math.prod(shape)))
        return Pieces(dtype, (len(self), *shape), partial(self._parts, name, step))

    def _texts(self, name: str) -> Pieces:
        longest, row = 1, 0
        for texts in self._parts(name, _TEXT_ROWS):
            for text in texts:
                if "\0" in text:
                    raise unreadable(self.shown, f"row {row}: `{name}` has the character U+0000")
                longest, row = max(longest, len(text)), row + 1
        check_memory(4 * longest * len(self), self.shown)

        def make() -> Iterator[Array]:
            for texts in self._parts(name, _TEXT_ROWS):
                yield from arrays_of(texts, f"U{longest}")

        return Pieces(f"U{longest}", (len(self),), make)

    def _parts(self, name: str, step: int) -> Iterator[Any]:
        """A dataset, so many rows at once."""
        with open_hdf5(self.file, self.shown) as (hdf5, root):
            dataset = self._dataset(hdf5, root, name)
            text = dataset.dtype.kind in "SO"
            for start in range(0, len(self), step):
                rows = slice(start, start + step)
                if not text:
                    yield dataset[rows]
                    continue
                try:
                    yield dataset.asstr()[rows].tolist()
                except UnicodeDecodeError:
                    raise unreadable(self.shown, f"`{name}` is not UTF-8 text") from None
        if stamp(self.file) != self._stamp:
            raise unreadable(self.shown, _CHANGED)

    def _dataset(self, hdf5: Hdf5, root: Any, name: str) -> Any:
        """A dataset that is still what it was when the file was opened first."""
        dataset = hdf5.at(root, name)
        if _fault(hdf5, dataset) or dataset.shape[0] != len(self):
            raise unreadable(self.shown, _CHANGED)
        return dataset

    def place(self, row: int, column: str) -> str:
        """`a.h5, row 3 of image`; rows count from 0, as in NumPy."""
        return f"{self.origin}, row {row} of `{column}`"

    def key(self) -> str:
        """A hash of the file's content."""
        return hash_of(str(FORMAT), self._digest)


def _datasets(hdf5: Hdf5, group: Any, above: str) -> Iterator[tuple[str, Any]]:
    """What is in a group and those below it, by paths."""
    for name, child in hdf5.children(group).items():
        if hdf5.is_group(child):
            yield from _datasets(hdf5, child, f"{above}{name}/")
        else:
            yield f"{above}{name}", child


def _fault(hdf5: Hdf5, dataset: Any) -> str:
    """Why a dataset can be no column."""
    reason = hdf5.fault(dataset, "fiub", text=True)
    if not reason and not dataset.shape:
        return "is a single value and has no rows"
    if not reason and dataset.dtype.kind in "SO" and len(dataset.shape) > 1:
        return "holds arrays of texts, which no field can be"
    return reason


def _column(dataset: Any) -> Column:
    """What a dataset is; None for one that can be no column."""
    if dataset is None:
        return Column("", ())
    text = dataset.dtype.kind in "SO"
    return Column("str" if text else dtype_name(dataset.dtype), dataset.shape[1:])
