"""NumPy archives."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, arg, source
from kspec.data.columns import check_fields
from kspec.data.paths import resolve, unreadable
from kspec.data.ragged import Ragged
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing

if TYPE_CHECKING:
    from kspec.data.base import Array, Values

LARGEST = 64 * 2**30  # bytes that an archive may unpack to
MOST_EXPANSION = 1100  # times its own size: deflate cannot do more
_LENGTHS: Final = "_lengths"
_ENDINGS: Final = (_LENGTHS, "_offsets")  # of members that tell the rows of others
# What reading a damaged, encrypted or exotic archive may raise.
_FAULTS: Final = (
    *(ValueError, OSError, KeyError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, SyntaxError, TypeError, tokenize.TokenError),
)


@final
@source("npz")
class Npz(DataSource):
    """The members of a NumPy archive, which become the fields of their names.

    Other names are given as arguments: `npz("mnist.npz", image="x_train")`. A member `tokens`
    beside a member `tokens_lengths` or `tokens_offsets` holds rows of different lengths, one
    behind the other; row i goes from `tokens_offsets[i]` up to `tokens_offsets[i + 1]`.
    """

    free_args = True

    path: str = arg(doc="The file, from the spec's folder.")

    def check(self) -> str | None:
        """Fields are names of members."""
        return check_fields(self.extra, several=False)

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
    telling = {f"{m}{ending}" for m in wanted.values() for ending in _ENDINGS} & members
    arrays = _load(file, shown, {*wanted.values(), *telling})
    columns: dict[str, Values] = {**arrays}
    for name in sorted(telling):
        member = name.rsplit("_", 1)[0]
        lengths = _lengths(arrays[name], name.endswith(_LENGTHS))
        if lengths is not None and lengths.sum() == len(arrays[member]):
            columns[member] = Ragged(arrays[member], lengths)
            del columns[name]
        elif len(arrays[name]) != len(arrays[member]):  # else it is a column like any other
            count = f"the {len(arrays[member]):,} entries of `{member}`"
            raise unreadable(shown, f"`{name}` does not divide {count} into rows")
    columns = {field: columns[m] for field, m in wanted.items() if m in columns}
    return ArrayTable(columns, f"`{shown}`")


def _lengths(told: Array, plain: bool) -> Array | None:
    """The lengths of rows, from themselves or from where rows begin; None where it is neither."""
    import numpy as np

    if told.ndim != 1 or told.dtype.kind not in "iu":
        return None
    if not plain and told[:1].tolist() != [0]:
        return None
    lengths = told.astype(np.int64) if plain else np.diff(told.astype(np.int64))
    return None if (lengths < 0).any() else lengths


def _load(file: Path, shown: str, wanted: set[str]) -> dict[str, Array]:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {member: archive[member] for member in wanted}
    except _FAULTS as error:
        raise unreadable(shown, str(error).split("\n")[0]) from None
    return {name: plain(array, f"`{name}`", shown) for name, array in arrays.items()}


def plain(array: Array, what: str, shown: str) -> Array:
    """An array that can be a column, its bytes in this machine's order.

    Args:
        array: The array.
        what: What messages call it: "`image`".
        shown: What they call the file.

    Raises:
        SpecError: It has no rows, or elements that no field can have.
    """
    if array.ndim == 0:
        raise unreadable(shown, f"{what} is a single value and has no rows")
    if array.dtype.kind not in "biufU":
        raise unreadable(shown, f"{what} holds {array.dtype}, which no field can be")
    if array.dtype.byteorder == ">":
        return array.astype(array.dtype.newbyteorder("="))
    return array
