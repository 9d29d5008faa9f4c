"""The one gate through which a spec's paths pass."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FileMissing, FileUnreadable, PathOutside


def resolve(folder: Path, path: str) -> Path:
    """The regular file that a spec's path means.

    Args:
        folder: The spec's folder; everything must be below it, symbolic links followed.
        path: With forward slashes.

    Raises:
        SpecError: It is outside, missing, or no regular file.
    """
    real, mode = _real(folder, path)
    if not stat.S_ISREG(mode):
        raise unreadable(path, "it is not a regular file")
    return real


def resolve_folder(folder: Path, path: str) -> Path:
    """The folder that a spec's path means. Arguments and errors are those of `resolve`."""
    real, mode = _real(folder, path)
    if not stat.S_ISDIR(mode):
        raise unreadable(path, "it is not a folder")
    return real


def _real(folder: Path, path: str) -> tuple[Path, int]:
    """Where a path leads, and what is there. Raises SpecError."""
    parts = PurePosixPath(path)
    windows = "\\" in path or (len(path) > 1 and path[1] == ":")
    if parts.is_absolute() or ".." in parts.parts or "\0" in path or "://" in path or windows:
        raise SpecError((PathOutside(span=None, path=path),))
    try:
        root = folder.resolve(strict=True)
        real = (folder / parts).resolve(strict=True)
        mode = os.stat(real).st_mode  # noqa: PTH116 - a plain call, so that errors are OSError
    except FileNotFoundError:
        raise SpecError((FileMissing(span=None, path=path),)) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise SpecError((FileUnreadable(span=None, path=path[:200], reason=str(error)),)) from None
    if not real.is_relative_to(root):
        raise SpecError((PathOutside(span=None, path=path),))
    return real, mode


def reason_of(error: SpecError, place: str = "") -> str:
    """Why a row cannot be read.

    Args:
        error: Says it of a file.
        place: What the reason begins with where it names the row.

    Raises:
        SpecError: It is about something else, such as a package that is missing.
    """
    (mistake,) = error.diagnostics
    if not isinstance(mistake, FileUnreadable):
        raise error
    rest = mistake.reason.removeprefix(place)
    return f"it {rest}" if place else rest


def unreadable(path: str, reason: str) -> SpecError:
    """The error for a file that is not what it should be."""
    return SpecError((FileUnreadable(span=None, path=path, reason=reason),))
