"""NumPy archives."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, arg, source
from kspec.data.paths import resolve, unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing

if TYPE_CHECKING:
    from kspec.data.base import Array

LARGEST = 64 * 2**30  # bytes that an archive may unpack to
MOST_EXPANSION = 1100  # times its own size: deflate cannot do more
# What reading a damaged, encrypted or exotic archive may raise.
_FAULTS: Final = (
    *(ValueError, OSError, KeyError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)


@final
@source("npz")
class Npz(DataSource):
    """The members of a NumPy archive, which become the fields of their names.

    Other names are given as arguments: `npz("mnist.npz", image="x_train")`.
    """

    free_args = True

    path: str = arg(doc="The file, from the spec's folder.")

    def open(self, folder: Path) -> Table:
        """Read the members that are needed."""
        return read_npz(resolve(folder, self.path), self.path, dict(self.extra))


def read_npz(file: Path, shown: str, renamed: dict[str, str]) -> ArrayTable:
    """An archive as a table.

    Args:
        file: The file.
        shown: What messages call it.
        renamed: Members by the field's name; none for all under their own names.

    Raises:
        SpecError: It is no archive of plain arrays, or lacks a member.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            members = {info.filename.removesuffix(".npy") for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise unreadable(shown, f"it is no .npz archive ({error})") from None
    if unpacked > min(LARGEST, max(2**20, file.stat().st_size * MOST_EXPANSION)):
        raise unreadable(shown, f"it claims to unpack to {unpacked:,} bytes")
    missing = [name for name in renamed.values() if name not in members]
    if missing:
        raise SpecError((FieldMissing.of(None, missing[0], f"`{shown}`", sorted(members)),))
    wanted = renamed or {name: name for name in sorted(members)}
    return ArrayTable(_load(file, shown, wanted), f"`{shown}`")


def _load(file: Path, shown: str, wanted: dict[str, str]) -> dict[str, Array]:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {field: archive[member] for field, member in wanted.items()}
    except _FAULTS as error:
        raise unreadable(shown, str(error).split("\n")[0]) from None
    for name, array in arrays.items():
        if array.ndim == 0:
            raise unreadable(shown, f"`{name}` is a single value and has no rows")
        if array.dtype.kind not in "biufU":
            raise unreadable(shown, f"`{name}` holds {array.dtype}, which no field can be")
        if array.dtype.byteorder == ">":
            arrays[name] = array.astype(array.dtype.newbyteorder("="))
    return arrays
