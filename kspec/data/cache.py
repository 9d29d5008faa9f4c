"""Arrays and texts that took long to make, kept in files of the user's cache folder.

A file is called by what its content is made of, so that it is never out of date; its last bytes
are a hash of the others, so that a damaged one is made anew. A folder keeps the files that were
used last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kspec.diagnostics import SpecError
from kspec.diagnostics.record import Node
from kspec.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike

    from kspec.data.base import Array

LARGEST: Final = 16 * 2**30  # bytes in all
_HASH: Final = 32  # bytes at the end of a file


class Pieces(Node):
    """An array that is made part by part, and need not fit into memory.

    Attributes:
        dtype: Its element type.
        shape: Its shape.
        make: Its parts from first to last, along the first axis; anew with each call.
    """

    dtype: DTypeLike
    shape: tuple[int, ...]
    make: Callable[[], Iterable[Array]]

    def join(self) -> Array:
        """The whole array, in memory."""
        import numpy as np

        array = np.empty(self.shape, self.dtype)
        start = 0
        for piece in self.make():
            array[start : start + len(piece)] = piece
            start += len(piece)
        if start != len(array):
            raise ValueError(f"{start} of {len(array)} rows were made")
        return array


def cached(kind: str, key: str, make: Callable[[], Array]) -> Array:
    """The array of a key, from its file or made and kept; read-only.

    Args:
        kind: The folder in the cache.
        key: A hash of all that the array depends on.
        make: Makes it.
    """

    def plan() -> Pieces:
        array = make()
        return Pieces(array.dtype, array.shape, lambda: (array,))

    return streamed(kind, key, plan)


def streamed(kind: str, key: str, plan: Callable[[], Pieces]) -> Array:
    """As `cached`, of an array that is made part by part; mapped from its file if there is one."""
    folder = cache_folder()
    file = None if folder is None else folder / kind / f"{key}.npy"
    found = None if file is None else _read(file)
    if found is not None:
        return found
    pieces = plan()
    if file is not None:
        with suppress(SpecError, OSError):  # a full disk, a read-only home: it works without
            _write(file, pieces)
            _forget(file)
            return _map(file)
    return pieces.join()


def cached_text(kind: str, key: str, make: Callable[[], str]) -> str:
    """As `cached`, of a text."""
    folder = cache_folder()
    if folder is None:
        return make()
    file = folder / kind / f"{key}.txt"
    with suppress(OSError):
        if _is_whole(file):
            return file.read_bytes()[:-_HASH].decode()
    from hashlib import sha256  # here, as it takes long, and checking a spec needs none

    content = (text := make()).encode()
    with suppress(SpecError, OSError):  # a full disk, a read-only home: it works without
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(file) as temporary:
            temporary.write_bytes(content + sha256(content).digest())
        _forget(file)
    return text


def cache_folder() -> Path | None:
    """`$XDG_CACHE_HOME/kspec`, or `~/.cache/kspec`; None for a user without a home."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if chosen.startswith("/"):  # others are to be ignored, says the XDG base directory spec
        return Path(chosen) / "kspec"
    try:
        return Path.home() / ".cache" / "kspec"
    except RuntimeError:
        return None


def _read(file: Path) -> Array | None:
    """The array of a file that is whole, mapped into memory."""
    try:
        return _map(file) if _is_whole(file) else None
    except (OSError, ValueError, EOFError):
        return None


def _is_whole(file: Path) -> bool:
    """Whether a file's last bytes are the hash of the others; then it is used now."""
    from hashlib import sha256

    size = file.stat().st_size - _HASH
    with file.open("rb") as stream:
        digest = sha256()
        while size > 0 and (block := stream.read(min(size, 2**20))):
            digest.update(block)
            size -= len(block)
        if stream.read() != digest.digest():
            return False
    with suppress(OSError):
        os.utime(file)
    return True


def _map(file: Path) -> np.memmap:
    import numpy as np

    return np.load(file, mmap_mode="r", allow_pickle=False)


def _write(file: Path, pieces: Pieces) -> None:
    from hashlib import file_digest

    import numpy as np

    head = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(pieces.dtype)),
        "fortran_order": False,
        "shape": pieces.shape,
    }
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(file) as temporary:
        with temporary.open("wb") as stream:
            np.lib.format.write_array_header_2_0(stream, head)
            for piece in pieces.make():
                stream.write(np.asarray(piece, pieces.dtype).tobytes())
                del piece  # before the next is made
        with temporary.open("rb+") as stream:
            digest = file_digest(stream, "sha256").digest()
            stream.write(digest)


def _forget(new: Path) -> None:
    """Remove the files that were not used for longest, until the rest is small enough."""
    files = [(path.stat(), path) for path in new.parent.glob(f"*{new.suffix}")]
    left = sum(status.st_size for status, _ in files)
    for status, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
        if left <= LARGEST:
            break
        if path != new:
            path.unlink(missing_ok=True)
            left -= status.st_size
