"""Arrays that took long to make, kept in files of the user's cache folder.

A file is called by what its array is made of, so that it is never out of date; its last bytes
are a hash of the others, so that a damaged one is made anew. The folder keeps the arrays that
were used last.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kspec.diagnostics import SpecError
from kspec.files import replacing

if TYPE_CHECKING:
    from kspec.data.base import Array

LARGEST: Final = 16 * 2**30  # bytes in all
_HASH: Final = 32  # bytes at the end of a file


def cached(kind: str, key: str, make: Callable[[], Array]) -> Array:
    """The array of a key, from its file or made and kept; read-only.

    Args:
        kind: The folder in the cache.
        key: A hash of all that the array depends on.
        make: Makes it.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    file = folder / kind / f"{key}.npy"
    found = _read(file)
    if found is not None:
        return found
    array = make()
    with suppress(SpecError, OSError):  # a full disk, a read-only home: it works without
        _write(file, array)
        _forget(file)
    return array


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
    import numpy as np

    try:
        size = file.stat().st_size - _HASH
        with file.open("rb") as stream:
            digest = hashlib.sha256()
            while size > 0 and (block := stream.read(min(size, 2**20))):
                digest.update(block)
                size -= len(block)
            if stream.read() != digest.digest():
                return None
        with suppress(OSError):
            os.utime(file)  # used now
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _write(file: Path, array: Array) -> None:
    import numpy as np

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(file) as temporary:
        with temporary.open("wb") as stream:
            np.save(stream, array, allow_pickle=False)
        with temporary.open("rb+") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            stream.write(digest)


def _forget(new: Path) -> None:
    """Remove the files that were not used for longest, until the rest is small enough."""
    files = [(path.stat(), path) for path in new.parent.glob("*.npy")]
    left = sum(status.st_size for status, _ in files)
    for status, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
        if left <= LARGEST:
            break
        if path != new:
            path.unlink(missing_ok=True)
            left -= status.st_size
