"""The `metrics.jsonl` of a run folder: a line an epoch, whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import RunFolderBroken
from kspec.files import write_text, writing

if TYPE_CHECKING:  # a list of runs need not wait for jax
    from kspec.runtime.run import Record

NAME: Final = "metrics.jsonl"


def read(folder: Path) -> list[Record]:
    """The lines of `metrics.jsonl`; those from the first damaged one on are left out."""
    records: list[Record] = []
    with suppress(FileNotFoundError):
        for line in (folder / NAME).read_bytes().splitlines():
            try:
                record: Any = json.loads(line)
            except ValueError:
                break
            if not isinstance(record, dict) or not isinstance(
                cast("Any", record).get("epoch"), int
            ):
                break
            records.append(cast("Record", record))
    return records


def mark(folder: Path) -> dict[str, Any]:
    """How long `metrics.jsonl` is, and a hash of it, for the checkpoint that goes with it.

    It is brought to the disk, so that a power failure does not leave the checkpoint without it.

    Raises:
        SpecError: The system says something against it.
    """
    path = folder / NAME
    if not path.exists():
        return {"bytes": 0, "sha256": hashlib.sha256().hexdigest()}
    with writing(path), path.open("rb") as file:
        text = file.read()
        os.fsync(file.fileno())
    return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def check(folder: Path, mark: Mapping[str, Any]) -> None:
    """Raises SpecError where `metrics.jsonl` does not begin as the checkpoint knows it."""
    path = folder / NAME
    text = path.read_bytes()[: mark["bytes"]] if path.exists() else b""
    if len(text) != mark["bytes"] or hashlib.sha256(text).hexdigest() != mark["sha256"]:
        reason = "it is not what the checkpoint was saved with"
        raise SpecError((RunFolderBroken(span=None, path=path.as_posix(), reason=reason),))


def append(folder: Path, record: Record) -> None:
    """Add an epoch's line to `metrics.jsonl`."""
    path = folder / NAME
    with writing(path), path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record) + "\n")


def rewrite(folder: Path, records: list[Record]) -> None:
    """Keep just these epochs in `metrics.jsonl`."""
    write_text(folder / NAME, "".join(json.dumps(record) + "\n" for record in records))
