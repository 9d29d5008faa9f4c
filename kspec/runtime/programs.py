"""Keep what XLA has compiled in the user's cache folder, so that a program is compiled once.

An entry is called by the program, the versions of JAX and XLA, and the device. It is JAX's
persistent compilation cache; who has set that up already keeps it. Those of a generated file stand
beside its entries: see `ready.py`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from kspec.data.cache import cache_folder
from kspec.runtime import compat

FOLDER: Final = "programs"
LARGEST: Final = 2**30  # bytes in all, beyond which those go that were made first


def remember_programs() -> None:
    """Let JAX keep compiled programs, and find those that it kept before."""
    home = cache_folder()
    if home is None or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    folder = home / FOLDER
    with suppress(OSError):  # a full disk, a read-only home: it works without
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget(folder)
        compat.keep_programs(str(folder))


def folder_in_use() -> Path | None:
    """The folder, if programs are kept in it; None where they are not, or elsewhere."""
    kept = compat.programs_folder()
    return Path(kept) if kept and Path(kept).name == FOLDER else None


def _forget(folder: Path) -> None:
    """Delete the entries that were made first, down to the limit."""
    entries = sorted((each.stat().st_mtime, each.stat().st_size, each) for each in folder.iterdir())
    size = sum(size for _, size, _ in entries)
    for _, own, path in entries:
        if size <= LARGEST:
            return
        path.unlink(missing_ok=True)
        size -= own
