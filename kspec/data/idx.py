"""IDX, the format of the MNIST files."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, source
from kspec.data.columns import check_fields
from kspec.data.npz import LARGEST, MOST_EXPANSION
from kspec.data.paths import resolve, unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing

if TYPE_CHECKING:
    from kspec.data.base import Array

# The third byte of the file -> the type of its numbers, big-endian.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"


@final
@source("idx")
class Idx(DataSource):
    """One IDX file a field, plain or gzipped: `idx(image="train-images.gz", label="...")`.

    Source: LeCun et al., the MNIST database of handwritten digits.
    """

    free_args = True

    def check(self) -> str | None:
        """Fields are names of files."""
        return check_fields(self.extra, several=False)

    def open(self, folder: Path) -> Table:
        """Read every file."""
        if not self.extra:
            raise SpecError((FieldMissing.of(None, "image", "`idx()`", ()),))
        arrays = {
            field: read_idx(resolve(folder, path), path) for field, path in self.extra.items()
        }
        origins = {field: f"`{path}`" for field, path in self.extra.items()}
        return ArrayTable(arrays, "idx(...)", origins)


def read_idx(file: Path, shown: str) -> Array:
    """The array in an IDX file.

    Raises:
        SpecError: The file is not of this format, or not as long as it says.
    """
    import numpy as np

    try:
        content = file.read_bytes()
        packed = len(content)
        if content[:2] == GZIP:
            with gzip.open(file) as stream:
                content = stream.read(min(LARGEST, packed * MOST_EXPANSION) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(shown, str(error)) from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise unreadable(shown, "it does not start as an IDX file does")
    axes = content[3]
    head = 4 + 4 * axes
    if not axes or len(content) < head:
        raise unreadable(shown, "its header is cut off")
    shape = struct.unpack(f">{axes}I", content[4:head])
    dtype = np.dtype(TYPES[content[2]])
    size = math.prod(shape) * dtype.itemsize
    if len(content) - head != size:
        raise unreadable(
            shown, f"its header promises {size:,} bytes of data, and {len(content) - head:,} follow"
        )
    array = np.frombuffer(content, dtype, offset=head).reshape(shape)
    return array.astype(dtype.newbyteorder("="))
