"""Compiled folders: written by `kspec compile`, found again by `kspec run`.

Beside the program, `build.json` names the spec, the kspec that compiled it, and what `kspec tune`
had measured. A program is used as it is while these are unchanged, and compiled anew otherwise.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kspec
from kspec.data.paths import resolve
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import RunFolderBroken
from kspec.externs import ExternPlan
from kspec.files import write_json
from kspec.plan_text import PLAN, PYTHON, plan_from_json
from kspec.sources import read_source
from kspec.tuned import read_table

if TYPE_CHECKING:
    from kspec.api import Program
    from kspec.runtime.bundle import Bundle

BUILD = "build.json"


def write_build(program: Program, spec: Path, folder: Path) -> None:
    """Write a compiled program, and what it was compiled from."""
    from kspec.runtime.folder import write_bundle

    write_bundle(program.bundle(), folder)
    relative = os.path.relpath(spec.absolute(), folder.absolute())
    about = {
        "spec": Path(relative).as_posix(),
        "kspec": kspec.__version__,
        "tuned": read_table().digest,
    }
    write_json(folder / BUILD, about)


def bundle_of(
    folder: Path,
    spec: Path | None = None,
    compile: Callable[[], Program] | None = None,
    changed: bool = False,
    allow_extern: bool = False,
) -> Bundle:
    """The program of a compiled folder, compiled anew where the spec has changed.

    Args:
        folder: The compiled folder; it need not exist where `compile` is given.
        spec: The spec.
        compile: Compiles the spec; without it the folder is used as it is.
        changed: Whether the spec is changed from outside, so that no folder has it.
        allow_extern: Whether functions of Python files may run.

    Raises:
        SpecError: The folder is damaged, or the spec has mistakes.
    """
    about = _about(folder)
    if compile is None or spec is None:
        if about is None:
            reason = f"it holds no {BUILD}"
            broken = RunFolderBroken(span=None, path=folder.as_posix(), reason=reason)
            raise SpecError((broken,))
        place = (folder / about["spec"]).parent
        return _read(folder, place, allow_extern)
    if about is not None and not changed and _fresh(folder, about, spec):
        return _read(folder, spec.parent, allow_extern)
    from kspec.runtime import libraries

    program = compile()
    libraries.begin(program.source)  # before JAX is imported
    if about is not None and not changed:
        write_build(program, spec, folder)
    return program.bundle()


def _read(folder: Path, data: Path, allow_extern: bool) -> Bundle:
    from kspec.runtime import libraries

    with suppress(OSError, ValueError):  # what is damaged is reported where it is read as a whole
        libraries.begin((folder / PYTHON).read_text(encoding="utf-8"))  # before JAX is imported
    from kspec.runtime.folder import read_bundle

    return read_bundle(folder, data, allow_extern=allow_extern)


def _about(folder: Path) -> dict[str, Any] | None:
    try:
        about: dict[str, Any] = json.loads((folder / BUILD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return about if isinstance(about.get("spec"), str) else None


def _fresh(folder: Path, about: dict[str, Any], spec: Path) -> bool:
    """Whether the folder holds this very spec and its imports, compiled by this kspec, as tuned."""
    if (about.get("kspec"), about.get("tuned", "")) != (kspec.__version__, read_table().digest):
        return False
    try:
        if not all(_unchanged(folder, extern, spec.parent) for extern in _externs(folder)):
            return False
    except (OSError, ValueError, SpecError):
        return False
    return same_texts(folder, spec)


def same_texts(folder: Path, spec: Path) -> bool:
    """Whether a spec and its imports are as the copies in a folder."""
    imports = folder / "imports"
    pairs = [(folder / "spec.kspec", spec)]
    for copy in imports.rglob("*.kspec"):
        path = copy.relative_to(imports)
        if path.parts[0] != "std":  # that is as old as kspec
            pairs.append((copy, spec.parent / path))
    try:
        return all(copy.read_text("utf-8") == read_source(now).text for copy, now in pairs)
    except (OSError, ValueError, SpecError):
        return False


def _externs(folder: Path) -> tuple[ExternPlan, ...]:
    """The Python functions of a compiled program. Raises OSError or ValueError."""
    return plan_from_json((folder / PLAN).read_text(encoding="utf-8")).externs


def _unchanged(folder: Path, extern: ExternPlan, specs: Path) -> bool:
    """Whether the copy of a Python file is as the file is now. Raises OSError or SpecError."""
    now = resolve(specs, extern.path).read_bytes()
    return now == (folder / Path(extern.file).name).read_bytes()
