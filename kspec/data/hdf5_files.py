"""HDF5 files of unknown origin, read with care.

A file of this format may point to other files, claim arrays far larger than itself, or hold
itself in itself. What is read here is in the file, and as large as what is stored of it. One
thing cannot be kept out: HDF5's own library never returns from some damaged texts that have
no fixed length.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kspec.data.extras import need
from kspec.data.paths import unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEEPEST: Final = 32  # groups inside groups
MOST: Final = 100_000  # things in a file
_SPARE: Final = 2**20  # bytes that need not be stored
_EXPANSION: Final = 1_000  # times what is stored; deflate cannot do more
_FILTERS: Final = {1, 2, 3}  # deflate, shuffle, checksum: others would load libraries
# What h5py raises for damaged files.
_FAULTS: Final = (OSError, KeyError, RuntimeError, ValueError, TypeError, IndexError)


@dataclass
class Hdf5:
    """An open file.

    Attributes:
        shown: What messages call it.
        h5py: The library.
        seen: How many things were looked at.
    """

    shown: str
    h5py: Any
    seen: int = 0

    def children(self, group: Any) -> dict[str, Any]:
        """The groups and datasets in a group, by name, in the order of numbers in names.

        Raises:
            SpecError: One is a link to elsewhere, or there are too many.
        """
        found: dict[str, Any] = {}
        for name in group:
            self.seen += 1
            if self.seen > MOST or str(group.name).count("/") > DEEPEST:
                raise unreadable(self.shown, "it has too many groups, or groups inside groups")
            link = group.get(name, getlink=True)
            if type(link) is not self.h5py.HardLink:
                reason = f"`{group.name.rstrip('/')}/{name}` is a link, and those are not followed"
                raise unreadable(self.shown, reason)
            found[str(name)] = group[name]
        return dict(sorted(found.items(), key=lambda item: _by_number(item[0])))

    def is_group(self, thing: Any) -> bool:
        """Whether it is a group, and no dataset or type."""
        return isinstance(thing, self.h5py.Group)

    def at(self, group: Any, path: str) -> Any:
        """What is at a path below a group; None for nothing. Raises SpecError."""
        for part in path.split("/"):
            if not self.is_group(group):
                return None
            group = self.children(group).get(part)
        return group

    def words(self, group: Any, name: str) -> list[str] | None:
        """An attribute that is a list of words; in parts, where it is long. None for none."""
        import numpy as np

        attrs = group.attrs
        numbered = (f"{name}{number}" for number in range(MOST))
        names = [name] if name in attrs else list(_while_in(numbered, attrs))
        if not names:
            return None
        words = (word for each in names for word in np.ravel(attrs[each]))
        return [word.decode() if isinstance(word, bytes) else str(word) for word in words]

    def fault(self, dataset: Any, kinds: str = "fiu", text: bool = False) -> str:
        """Why a dataset is not read: it is no array of such elements, or not in this file.

        Args:
            dataset: The dataset.
            kinds: The kinds of elements that are read, as NumPy calls them.
            text: Whether texts are read, too.

        Returns:
            What is wrong, or nothing.
        """
        if not isinstance(dataset, self.h5py.Dataset):
            return "is no array"
        is_text = text and self.h5py.check_string_dtype(dataset.dtype) is not None
        if dataset.shape is None or not (dataset.dtype.kind in kinds or is_text):
            return f"holds {dataset.dtype}, and no numbers{' or texts' if text else ''}"
        if dataset.is_virtual or dataset.external:
            return "is made of other files"
        filters = dataset.id.get_create_plist()
        codes = {filters.get_filter(i)[0] for i in range(filters.get_nfilters())}
        size = math.prod(dataset.shape) * dataset.dtype.itemsize
        stored = dataset.id.get_storage_size()
        if not codes <= _FILTERS:
            return "is packed in a way that is not read"
        if size > (max(_SPARE, stored * _EXPANSION) if codes else stored):
            return f"claims {size:,} bytes, and {stored:,} are stored"
        return ""

    def check(self, dataset: Any) -> None:
        """Refuse a dataset that is no weights. Raises SpecError."""
        kinds = "V" if _is_bfloat16(dataset) else "fiu"
        reason = self.fault(dataset, kinds)
        if reason:
            raise unreadable(self.shown, f"`{dataset.name}` {reason}")

    def numbers(self, dataset: Any) -> NDArray[np.float32]:
        """The weights in a dataset that was checked. Raises SpecError."""
        import numpy as np

        with faults(self.shown):
            if _is_bfloat16(dataset):
                upper = np.asarray(dataset).view(np.uint16).astype(np.uint32)
                return (upper << 16).view(np.float32)
            return np.asarray(dataset[()], np.float32)


def _is_bfloat16(dataset: Any) -> bool:
    """Whether Keras wrote it in that type, which the format does not have."""
    dtype = getattr(dataset, "dtype", None)  # groups have none
    marked = dataset.attrs.get("dtype") == "bfloat16"
    return bool(marked and dtype is not None and dtype.kind == "V" and dtype.itemsize == 2)


def _while_in(names: Iterator[str], attrs: Any) -> Iterator[str]:
    for name in names:
        if name not in attrs:
            return
        yield name


def _by_number(name: str) -> tuple[str, int]:
    """`dense_10` behind `dense_9`."""
    stem, _, number = name.rpartition("_")
    if name.isdigit():
        return "", int(name)
    return (stem, int(number)) if stem and number.isdigit() else (name, 0)


@contextmanager
def faults(shown: str) -> Generator[None]:
    """Report what the library says of a damaged file. Raises SpecError."""
    try:
        yield
    except _FAULTS as error:
        reason = str(error).split("\n")[0]
        raise unreadable(shown, f"it is no whole HDF5 file ({reason})") from None


@contextmanager
def open_hdf5(file: Path | BytesIO, shown: str) -> Generator[tuple[Hdf5, Any]]:
    """Open a file: the reader, and the root group.

    Args:
        file: The file, or its content.
        shown: What messages call it.

    Raises:
        SpecError: It is damaged, or h5py is not installed.
    """
    h5py = need("h5py", "h5py", "hdf5", "reading HDF5 files")
    with faults(shown), h5py.File(file, "r") as root:
        yield Hdf5(shown, h5py), root
