"""What a folder of files was when it was whole: sizes and hashes, so that damage is found.

The manifest is written last, and is its own witness: it has one spelling, and ends in a hash
of the rest. What is missing, cut off, changed, added, or of another run is told apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from kspec.files import sync_folder

NAME: Final = "manifest.json"
FORMAT: Final = 1


class Damaged(Exception):
    """A folder is not what its manifest says. The text says why, to stand behind its name."""


def sha256_of(path: Path) -> str:
    """The hash of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the manifest of a folder's files, and bring them and their names to the disk.

    Args:
        folder: The folder; nothing is written to it any more.
        about: What else the manifest says.

    Raises:
        OSError: The system says something against it.
    """
    files: dict[str, list[Any]] = {}
    for path in _files(folder):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            files[path.relative_to(folder).as_posix()] = [file.tell(), digest]
    text = seal({"format": FORMAT, **about, "files": files})
    with (folder / NAME).open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync_folder(each)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest alone; the files need not be as it says. Raises Damaged."""
    path = folder / NAME
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Damaged("is no regular file")
        return unseal(path.read_bytes(), FORMAT)
    except FileNotFoundError:
        raise Damaged(f"it has no `{NAME}`") from None
    except OSError as error:
        raise Damaged(f"`{NAME}` cannot be read: {error.strerror}") from None
    except Damaged as damage:
        raise Damaged(f"`{NAME}` {damage}") from None


def check_files(folder: Path, about: Mapping[str, Any]) -> None:
    """Compare all files with the manifest. Raises Damaged."""
    wanted: Mapping[str, Any] = about["files"]
    there = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    for name in wanted:
        if name not in there:
            raise Damaged(f"`{name}` is missing")
    for name, path in there.items():
        if name not in wanted:
            raise Damaged(f"`{name}` does not belong to it")
        size, digest = wanted[name]
        try:
            now = path.lstat()
            if not stat.S_ISREG(now.st_mode):  # a link, a device, which may have no end
                raise Damaged(f"`{name}` is no regular file")
            if now.st_size != size:
                raise Damaged(f"`{name}` has {now.st_size:,} bytes, and had {size:,}")
            if sha256_of(path) != digest:
                raise Damaged(f"`{name}` is not what was written")
        except OSError as error:
            raise Damaged(f"`{name}` cannot be read: {error.strerror}") from None


def _files(folder: Path) -> list[Path]:
    """All that is no folder, but for the manifest."""
    found = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return sorted(path for path in found if path != folder / NAME)


def seal(about: Mapping[str, Any]) -> str:
    """JSON with a hash of itself."""
    body = json.dumps(about, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({**about, "sha256": digest}, sort_keys=True, indent=1) + "\n"


def unseal(text: bytes, form: int) -> dict[str, Any]:
    """What `seal` was given, with `form` as its `format`. Raises Damaged."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise Damaged("is damaged") from None
    if not isinstance(raw, dict):
        raise Damaged("is damaged")
    about = cast("dict[str, Any]", raw)
    about.pop("sha256", None)
    if seal(about).encode() != text:
        raise Damaged("is damaged")
    if about.get("format") != form:
        raise Damaged(f"has format {about.get('format')}, and this kspec reads {form}")
    return about
