"""Folders on disk: compiled programs, and runs.

A run folder is readable at any moment, whenever its process dies: every file is either
written whole and then renamed, or appended to line by line.

    spec.kspec        the spec as it was, and resolved.kspec with its defaults written out
    model.py          the Python that runs, and plan.json beside it
    model.ir          the IR before the passes, and model.opt.ir after them; model.svg draws it
    metrics.jsonl     a line an epoch
    run.json          what was run, where, and how it ended
    tables.json       the vocabularies that layers have learned, if there are any
    checkpoints/      the state, to go on from
    best.safetensors  the weights that `checkpoint { best = ... }` keeps, if the spec has it
    weights.safetensors, report.html    written at the end
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import CheckpointMissing, RunFolderBroken, RunFolderMissing
from kspec.files import make_folder, write_json, write_text, writing
from kspec.plan import plan_from_json, plan_to_json
from kspec.runtime.bundle import Bundle
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.run import Record, Run
from kspec.runtime.watch import BEST, STOP, Kept
from kspec.runtime.weights import encoded, read_weights, save_weights

PYTHON: Final = "model.py"
PLAN: Final = "plan.json"
RUN: Final = "run.json"
METRICS: Final = "metrics.jsonl"
CHECKPOINTS: Final = "checkpoints"
WEIGHTS: Final = "weights.safetensors"
TABLES: Final = "tables.json"
IMPORTS: Final = "imports"  # the files that the spec imports, as they were
OTHERS: Final = ("spec.kspec", "resolved.kspec", "model.ir", "model.opt.ir", "model.svg")


def write_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a compiled program."""
    for name, text in bundle.files.items():
        write_text(folder / name, text)
    write_text(folder / PYTHON, bundle.python)
    write_text(folder / PLAN, plan_to_json(bundle.plan))


def read_bundle(folder: Path, data: Path) -> Bundle:
    """Read a compiled program.

    Args:
        folder: Where it was written.
        data: Where the paths of its data start.

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
    return Bundle(python, plan, data, files)


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


def read_history(folder: Path) -> list[Record]:
    """The lines of `metrics.jsonl`; a last line that was cut off is left out."""
    try:
        lines = (folder / METRICS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    records: list[Record] = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def append_record(folder: Path, record: Record) -> None:
    """Add an epoch's line to `metrics.jsonl`."""
    path = folder / METRICS
    with writing(path), path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record) + "\n")
        file.flush()


def rewrite_history(folder: Path, records: list[Record]) -> None:
    """Keep just these epochs in `metrics.jsonl`."""
    write_text(folder / METRICS, "".join(json.dumps(record) + "\n" for record in records))


def open_run(folder: Path, *, required: bool = True) -> Run:
    """The run of a folder, at its newest checkpoint that can be read.

    Args:
        folder: The run folder.
        required: Whether a run without any checkpoint is a mistake; else it starts anew.

    Raises:
        SpecError: It is no run folder, damaged, or has no checkpoint.
    """
    about = read_run(folder)
    run = Run(read_bundle(folder, Path(about["data_folder"])), seed=about["seed"])
    names: Mapping[str, list[str]] = about.get("class_names", {})
    run.class_names = {field: tuple(words) for field, words in names.items()}
    run.tables = _read_tables(folder, run.bundle.plan.tables)
    with Checkpoints(folder / CHECKPOINTS) as checkpoints:
        found = checkpoints.load(run.state_like)
    if found is None:
        if required:
            spec = run.bundle.plan.spec
            missing = CheckpointMissing(span=None, path=folder.as_posix(), spec=spec)
            raise SpecError((missing,))
        return run
    run.state, run.position = found
    done = run.position.epoch
    run.history = [record for record in read_history(folder) if record["epoch"] <= done]
    run.kept = _read_kept(folder, run)
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


def _read_kept(folder: Path, run: Run) -> dict[str, Kept]:
    """The weights that were the best; a file that is missing or damaged is left out."""
    kept: dict[str, Kept] = {}
    for name in (BEST, STOP):
        try:
            weights, note = read_weights(folder / f"{name}.safetensors", run.weights)
        except SpecError:
            continue
        if set(weights) == set(run.weights) and note.get("epoch", "").isdigit():
            kept[name] = Kept(int(note["epoch"]), weights)
    return kept


def save_run(run: Run, folder: Path) -> Path:
    """Write a run that was trained in memory as a run folder."""
    write_bundle(run.bundle, folder)
    rewrite_history(folder, run.history)
    with Checkpoints(folder / CHECKPOINTS) as checkpoints:
        checkpoints.save_now(run.state, run.position, replace=True)
    write_tables(folder, run)
    save_weights({**run.weights, **encoded(run.tables)}, folder / WEIGHTS)
    for name, kept in run.kept.items():
        write_kept(folder, name, kept)
    write_json(folder / RUN, about_run(run, "saved"))
    return folder


def about_run(run: Run, status: str) -> dict[str, Any]:
    """What `run.json` says of every run."""
    from kspec.runtime.environment import environment

    return {
        "status": status,
        "model": run.bundle.plan.name,
        "spec": run.bundle.plan.spec,
        "data_folder": str(run.bundle.folder.absolute()),
        "seed": run.seed,
        "epoch": run.position.epoch,
        "class_names": {field: list(names) for field, names in run.class_names.items()},
        "environment": environment(),
    }
