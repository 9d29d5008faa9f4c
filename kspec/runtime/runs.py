"""The runs below a folder, each as its own files tell it; what is damaged is said to be.

It imports no jax: a list must not take longer than the eye.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from kspec.plan_text import PLAN
from kspec.runtime import history
from kspec.runtime.lock import NAME as LOCK
from kspec.runtime.lock import holder
from kspec.runtime.progress import show_score

RUN: Final = "run.json"
MARKS: Final = (RUN, "kspec.lock", history.NAME, LOCK)  # a folder with one of them is a run's
STAMP: Final = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{6}")
DAMAGED: Final = "damaged"
LOWER, HIGHER = "min", "max"


@dataclass(frozen=True, slots=True)
class Best:
    """The best number of a metric, and its epoch."""

    value: float
    epoch: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list.

    Attributes:
        run: The folder, as commands take it.
        model: The model's name.
        spec: The spec's file name.
        status: What `run.json` says, but `cut short` where it says `running` and nothing runs,
            `starting` where a process has not written it yet, and `damaged` where it cannot be
            read.
        epochs: Epochs that are done.
        of: Epochs that the spec has.
        split: The split of the metrics: `validation`, or `train` where there is none.
        last: The metrics of the last epoch.
        best: The best number of each, where it is known which way is better.
        seconds: What the epochs took.
        when: When it began, in UTC.
        problem: What is damaged.
    """

    run: str
    model: str = ""
    spec: str = ""
    status: str = DAMAGED
    epochs: int = 0
    of: int | None = None
    split: str = ""
    last: Mapping[str, Any] = field(default_factory=dict[str, Any])
    best: Mapping[str, Best] = field(default_factory=dict[str, Best])
    seconds: float = 0.0
    when: str = ""
    problem: str = ""

    def as_record(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)


def list_runs(folder: Path) -> list[Listed]:
    """The runs in and below a folder, newest first."""
    found: list[Path] = []
    for place, below, names in os.walk(folder):
        if any(mark in names for mark in MARKS):
            found.append(Path(place))
            below.clear()  # what a run holds is no run
    return sorted(map(_listed, found), key=lambda each: (each.when, each.run), reverse=True)


def _listed(folder: Path) -> Listed:
    shown, when = folder.as_posix(), _when(folder)
    try:
        about = _read(folder / RUN)
        plan = _read(folder / PLAN)
        records = history.read(folder)
        split = "validation" if records and "validation" in records[-1] else "train"
        ways = {"loss": LOWER, **plan.get("directions", {})}
        return Listed(
            run=shown,
            model=str(about["model"]),
            spec=str(about["spec"]),
            status=_status(folder, str(about["status"])),
            epochs=len(records) or int(about.get("epoch", 0)),
            of=sum(phase["epochs"] for phase in plan["phases"]),
            split=split if records else "",
            last=dict(records[-1][split]) if records else {},
            best=_best([(r["epoch"], r[split]) for r in records], ways),
            seconds=round(sum(float(r.get("seconds", 0)) for r in records), 3),
            when=when,
        )
    except OSError as error:
        name = Path(str(error.filename)).name if error.filename else shown
        if name == RUN and holder(folder) is not None:
            return Listed(shown, status="starting", when=when)
        return Listed(shown, when=when, problem=f"{name}: {error.strerror}")
    except KeyError as error:
        return Listed(shown, when=when, problem=f"something is missing: {error}")
    except (ValueError, TypeError, AttributeError) as error:
        return Listed(shown, when=when, problem=str(error))


def _read(path: Path) -> dict[str, Any]:
    """A JSON object. Raises OSError or ValueError."""
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError(f"{path.name}: it is no object")
    return cast("dict[str, Any]", raw)


def _status(folder: Path, said: str) -> str:
    return "cut short" if said == "running" and holder(folder) is None else said


def _when(folder: Path) -> str:
    """The time in its name, else that of the file that is written first."""
    stamp = STAMP.fullmatch(folder.name)
    if stamp is not None:
        try:
            time = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
            return time.isoformat(timespec="seconds")
        except ValueError:
            pass  # digits that are no time
    times = [path.stat().st_mtime for path in (folder / mark for mark in MARKS) if path.is_file()]
    return datetime.fromtimestamp(min(times, default=0), UTC).isoformat(timespec="seconds")


def _best(records: list[tuple[int, Mapping[str, Any]]], ways: Mapping[str, str]) -> dict[str, Best]:
    """The first of the best epochs of each metric that is a number."""
    found: dict[str, Best] = {}
    for name, way in ways.items():
        points = [
            (float(scores[name]), epoch)
            for epoch, scores in records
            if isinstance(scores.get(name), (int, float)) and math.isfinite(scores[name])
        ]
        if points and way in (LOWER, HIGHER):
            sign = 1 if way == LOWER else -1
            value, epoch = min(points, key=lambda point: (sign * point[0], point[1]))
            found[name] = Best(value, epoch)
    return found


def as_text(runs: list[Listed]) -> str:
    """A table, a line a run; what is damaged has its reason at the end."""
    head = ("run", "spec", "status", "epochs", "time", "began", "last epoch (best, its epoch)")
    rows = [head, *(_cells(each) for each in runs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _cells(each: Listed) -> tuple[str, ...]:
    began = datetime.fromisoformat(each.when).astimezone().strftime("%Y-%m-%d %H:%M")
    if not each.spec:
        return (each.run, "-", each.status, "-", "-", began, each.problem or "-")
    epochs = f"{each.epochs} of {each.of}"
    return (
        each.run, each.spec, each.status, epochs, duration(each.seconds), began, _scores(each)
    )  # fmt: skip


def _scores(each: Listed) -> str:
    shown: list[str] = []
    for name, score in each.last.items():
        best = each.best.get(name)
        note = f" ({show_score(best.value)}, {best.epoch})" if best else ""
        shown.append(f"{name} {show_score(score)}{note}")
    return f"{each.split}: {'  '.join(shown)}" if shown else "-"


def duration(seconds: float) -> str:
    """`12.3 s`, `4 min 05 s`, `2 h 07 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left:02} min" if hours else f"{minutes} min {rest:02} s"
