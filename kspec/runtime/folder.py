"""Folders on disk: compiled programs, and runs.

A run folder is readable at any moment, whenever its process dies: every file is either
written whole and then renamed, or appended to line by line.

    spec.kspec        the spec as it was, and resolved.kspec with its defaults written out
    model.py          the Python that runs, and plan.json beside it; extern_*.py are copies of
                      the Python files that it takes functions from
    model.ir          the IR before the passes, and model.opt.ir after them; model.svg draws it
    passes.json       what each pass of the compiler did, as `kspec explain` says it
    kspec.lock        what the run began with: hashes of program and data, versions
    metrics.jsonl     a line an epoch
    run.json          what was run, where, and how it ended
    bad_rows.jsonl    the rows that `on_bad = skip` left out, if the spec has it
    tables.json       the vocabularies that layers have learned, if there are any
    checkpoints/      the state, to go on from; each has a manifest with hashes of its files
    best.safetensors  the weights that `checkpoint { best = ... }` keeps, if the spec has it
    weights.safetensors, report.html    written at the end
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from kspec.diagnostics import Diagnostic, SpecError
from kspec.diagnostics.errors import (
    CheckpointMissing,
    NoTrainBlock,
    RunFolderBroken,
    RunFolderMissing,
)
from kspec.diagnostics.lints import BestMissing
from kspec.diagnostics.render import render
from kspec.files import make_folder, write_json, write_text
from kspec.plan_text import PLAN, PYTHON, plan_from_json, plan_to_json
from kspec.runtime import externs, history, origin
from kspec.runtime.bundle import Bundle
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.lock import holder, locked
from kspec.runtime.logs import Table
from kspec.runtime.run import Run
from kspec.runtime.watch import BEST, STOP, Kept
from kspec.runtime.weights import encoded, read_weights, save_weights

PASSES: Final = "passes.json"
RUN: Final = "run.json"
CHECKPOINTS: Final = "checkpoints"
WEIGHTS: Final = "weights.safetensors"
BAD_ROWS: Final = "bad_rows.jsonl"
TABLES: Final = "tables.json"
IMPORTS: Final = "imports"  # the files that the spec imports, as they were
OTHERS: Final = (
    *("spec.kspec", "resolved.kspec", "model.ir", "model.opt.ir", "model.svg"),
    PASSES,
)


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a compiled program."""
    for name, text in bundle.files.items():
        write_text(folder / name, text)
    write_text(folder / PYTHON, bundle.python)
    write_text(folder / PLAN, plan_to_json(bundle.plan))


def read_bundle(folder: Path, data: Path, *, allow_extern: bool = False) -> Bundle:
    """Read a compiled program.

    Args:
        folder: Where it was written.
        data: Where the paths of its data start.
        allow_extern: Whether functions of Python files may run.

    Raises:
        SpecError: A file is missing or damaged.
    """
    try:
        python = (folder / PYTHON).read_text(encoding="utf-8")
        plan = plan_from_json((folder / PLAN).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        raise SpecError((_broken(folder, f"`{missing}` is missing"),)) from None
    except (OSError, ValueError) as error:
        raise SpecError((_broken(folder, str(error)),)) from None
    there = [folder / name for name in OTHERS if (folder / name).is_file()]
    there += sorted((folder / IMPORTS).rglob("*.kspec"))
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in there
    }
    for extern in plan.externs:
        copy = folder / Path(extern.file).name
        with suppress(OSError, UnicodeDecodeError):  # what is missing is reported where it is used
            files[extern.file] = copy.read_bytes().decode("utf-8")
    return Bundle(python, plan, data, files, allow_extern)


def _broken(folder: Path, reason: str) -> RunFolderBroken:
    return RunFolderBroken(span=None, path=folder.as_posix(), reason=reason)


def new_run_folder(spec: str) -> Path:
    """Make `runs/<spec>/<time>-<hash>`, below the current folder."""
    stem = Path(spec).stem or "run"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    unique = hashlib.sha256(f"{time.time_ns()}:{os.getpid()}".encode()).hexdigest()[:6]
    folder = Path("runs") / stem / f"{stamp}-{unique}"
    make_folder(folder)
    return folder


def cut_short(spec: str) -> tuple[str, ...]:
    """A note where the last run of a spec was cut short, and how to go on with it."""
    below = Path("runs") / (Path(spec).stem or "run")
    found = sorted(below.glob(f"*/{RUN}"))
    if not found:
        return ()
    folder = found[-1].parent
    try:
        about = read_run(folder)
    except SpecError:
        return ()
    if about.get("status") not in ("running", "interrupted") or holder(folder):
        return ()
    how = "was stopped" if about["status"] == "interrupted" else "did not end"
    return (f"note: the last run {how}; to go on with it: kspec resume {folder.as_posix()}",)


def read_run(folder: Path) -> dict[str, Any]:
    """The `run.json` of a run folder. Raises SpecError where it is none."""
    try:
        raw: Any = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError((RunFolderMissing(span=None, path=folder.as_posix()),)) from None
    except (OSError, ValueError) as error:
        raise SpecError((_broken(folder / RUN, str(error)),)) from None
    needed = {"data_folder": str, "seed": int}
    if not isinstance(raw, dict) or any(
        not isinstance(cast("Any", raw).get(key), kind) for key, kind in needed.items()
    ):
        raise SpecError((_broken(folder / RUN, "it is no `run.json` of kspec"),))
    return cast("dict[str, Any]", raw)


def open_run(folder: Path, *, goes_on: bool = False, allow_extern: bool = False) -> Run:
    """The run of a folder, at its newest checkpoint that is whole.

    Those that are not are named on stderr.

    Args:
        folder: The run folder.
        goes_on: Whether it is trained on. Then all that later epochs depend on must be there, but
            without any checkpoint it starts anew; else that is a mistake.
        allow_extern: Whether functions of Python files may run.

    Raises:
        SpecError: It is no run folder, damaged, or has no checkpoint.
    """
    about = read_run(folder)
    lock = origin.read(folder)
    bundle = read_bundle(folder, Path(about["data_folder"]), allow_extern=allow_extern)
    externs.compare(bundle, about.get("externs"))
    run = Run(bundle, seed=about["seed"])
    run.id = lock["run"]
    names: Mapping[str, list[str]] = about.get("class_names", {})
    run.class_names = {field: tuple(words) for field, words in names.items()}
    run.tables = _read_tables(folder, run.bundle.plan.tables)
    with Checkpoints(folder / CHECKPOINTS, owner=origin.owner(lock)) as checkpoints:
        found = checkpoints.load(run.state_like)
    for warning in checkpoints.passed:
        tell(warning)
    if found is None:
        if not goes_on:
            spec = run.bundle.plan.spec
            missing = CheckpointMissing(span=None, path=folder.as_posix(), spec=spec)
            raise SpecError((missing,))
        origin.compare_loads(lock, bundle)
        run.load_files()
        return run
    run.state, run.position, run.checkpoint = found.state, found.position, found.name
    if goes_on and "history" in found.notes:
        history.check(folder, found.notes["history"])
    done = run.position.epoch
    run.history = [record for record in history.read(folder) if record["epoch"] <= done]
    run.kept = _read_kept(folder, run, goes_on)
    return run


def write_tables(folder: Path, run: Run) -> None:
    """Write the vocabularies, if there are any."""
    if run.tables:
        write_json(folder / TABLES, {path: list(words) for path, words in run.tables.items()})


def _read_tables(folder: Path, paths: tuple[str, ...]) -> dict[str, tuple[str | int, ...]]:
    """The vocabularies; none where training has not begun. Raises SpecError."""
    path = folder / TABLES
    if not paths or not path.exists():
        return {}
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        return {name: tuple(raw[name]) for name in paths}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError((_broken(path, f"it holds no vocabularies ({error})"),)) from None


def write_kept(folder: Path, name: str, kept: Kept) -> None:
    """Write weights that are the best so far."""
    save_weights(kept.weights, folder / f"{name}.safetensors", {"epoch": str(kept.epoch)})


def _read_kept(folder: Path, run: Run, goes_on: bool) -> dict[str, Kept]:
    """The weights that were the best.

    Raises:
        SpecError: A run that goes on has a file that is damaged.
    """
    kept: dict[str, Kept] = {}
    wanted = run.watch.best(run.history, run.position) if goes_on and run.history else {}
    for name in (BEST, STOP):
        path = folder / f"{name}.safetensors"
        try:
            weights, note = read_weights(path, run.weights, own=True)
        except SpecError:
            if goes_on and path.exists():
                raise
            if name in wanted:
                tell(BestMissing(span=None, path=path.as_posix(), epoch=wanted[name]))
            continue
        if set(weights) == set(run.weights) and note.get("epoch", "").isdigit():
            kept[name] = Kept(int(note["epoch"]), weights)
    return kept


def tell(diagnostic: Diagnostic) -> None:
    """Say what is odd, on stderr."""
    with suppress(OSError, ValueError):  # nobody reads it
        print(render(diagnostic), file=sys.stderr)


def save_run(run: Run, folder: Path) -> Path:
    """Write a run that was trained in memory as a run folder. Raises SpecError."""
    if run.bundle.plan.data is None:
        raise SpecError((NoTrainBlock(span=None, spec=run.bundle.plan.spec),))
    make_folder(folder)
    with locked(folder):
        write_bundle(run.bundle, folder)
        lock = origin.begin(folder, run.id, run.bundle, None, None)
        history.rewrite(folder, run.history)
        if run.watch.csv_log is not None:
            Table(folder, run.watch.csv_log, run.history)
        write_tables(folder, run)
        for name, kept in run.kept.items():
            write_kept(folder, name, kept)
        with Checkpoints(folder / CHECKPOINTS, owner=origin.owner(lock)) as checkpoints:
            notes = {"history": history.mark(folder)}
            checkpoints.save_now(run.state, run.position, notes, replace=True)
            checkpoints.begin(checkpoints.newest_of(int(run.state["step"])))
        save_weights({**run.weights, **encoded(run.tables)}, folder / WEIGHTS)
        write_json(folder / RUN, about_run(run, "saved"))
    return folder


def about_run(run: Run, status: str) -> dict[str, Any]:
    """What `run.json` says of every run."""
    from kspec.runtime.environment import environment

    hashes = externs.hashes(run.bundle)
    return {
        "status": status,
        "model": run.bundle.plan.name,
        "spec": run.bundle.plan.spec,
        "data_folder": str(run.bundle.folder.absolute()),
        "seed": run.seed,
        **({"allow_extern": True, "externs": hashes} if hashes else {}),
        "epoch": run.position.epoch,
        "class_names": {field: list(names) for field, names in run.class_names.items()},
        "environment": environment(),
    }
