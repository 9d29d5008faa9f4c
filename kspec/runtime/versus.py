"""Runs side by side: what differs in spec, versions and data, and their last metrics.

Only what differs is kept, but for the metrics, which are what one compares runs for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final, cast

from kspec.compare import facts
from kspec.compiler import Imports, compile_source
from kspec.diagnostics import Source, SpecError
from kspec.runtime import history, origin
from kspec.runtime.bundle import Bundle
from kspec.runtime.curves import chart
from kspec.runtime.folder import IMPORTS, read_bundle, read_run
from kspec.runtime.loop import Score
from kspec.runtime.page import page, section, table_of
from kspec.runtime.progress import show_score
from kspec.runtime.run import Record
from kspec.scripts import Script
from kspec.sources import read_source
from kspec.syntax import parse_expression, tree
from kspec.syntax.printer import print_expr

PARTS: Final = ("spec", "versions", "data")
SETTINGS, VERSIONS, DATA = PARTS
MOST: Final = 60  # characters of a value in text
NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Compared:
    """What is read of a run.

    Attributes:
        folder: The run folder.
        parts: What its spec, its versions and its data are, by name.
        metrics: The last metrics by split.
        directions: Which way each metric is better.
        history: A record an epoch.
        notes: What was left out, and why.
    """

    folder: str
    parts: Mapping[str, Mapping[str, str]]
    metrics: Mapping[str, Mapping[str, Score]]
    directions: Mapping[str, str]
    history: tuple[Record, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line: what differs, with a value for each run, and the runs that are the better ones."""

    part: str
    what: str
    values: tuple[Any, ...]
    better: tuple[int, ...] = ()


def read_compared(folder: Path) -> Compared:
    """A run as it is compared.

    Raises:
        SpecError: It is no run folder, or damaged.
    """
    about, lock = read_run(folder), origin.read(folder)
    bundle = read_bundle(folder, folder)
    records = tuple(history.read(folder))
    settings, note = _settings(folder, lock, bundle)
    notes = (note, "" if lock["data"] else "its data is left out: it was saved from Python")
    parts = {
        SETTINGS: settings,
        VERSIONS: {name: str(value) for name, value in lock["versions"].items()},
        DATA: _data(lock["data"]),
    }
    metrics: Mapping[str, Any] = about.get("metrics") or _last(records)
    directions = {"loss": "min", **bundle.plan.directions}
    return Compared(
        folder.as_posix(), parts, metrics, directions, records, tuple(n for n in notes if n)
    )


def _settings(folder: Path, lock: Mapping[str, Any], bundle: Bundle) -> tuple[dict[str, str], str]:
    """What the spec means, with every default; nothing and why, if this kspec refuses it."""
    imports = Imports(folder / IMPORTS)
    for each in bundle.plan.externs:
        text = bundle.files.get(each.file)
        if text is not None:
            imports.scripts[each.path] = Script(each.path, text, (folder / IMPORTS,))
    began: Mapping[str, Any] = lock["spec"] or {}
    try:
        source = read_source(folder / "resolved.kspec")
        compiled = compile_source(source, {}, imports, began.get("train"))
    except SpecError as error:
        return {}, f"its spec is left out: {error.diagnostics[0].title_text()}"
    return facts(compiled.program), ""


def _data(data: Mapping[str, Any] | None) -> dict[str, str]:
    if data is None:  # it was trained in memory, and saved
        return {}
    rows = {f"rows of {name}": f"{split['rows']:,}" for name, split in data["splits"].items()}
    return {"fingerprint": f"sha256 {data['fingerprint'][:16]}", **rows}


def _last(records: Sequence[Record]) -> dict[str, Any]:
    """The metrics of a run that has not ended."""
    if not records:
        return {}
    return {name: value for name, value in records[-1].items() if isinstance(value, dict)}


def differences(runs: Sequence[Compared]) -> list[Row]:
    """The rows of all parts, and those of the metrics."""
    rows: list[Row] = []
    for part in PARTS:
        known = [run for run in runs if run.parts[part]]
        for what in dict.fromkeys(name for run in known for name in run.parts[part]):
            values = [run.parts[part].get(what) for run in known]
            if len(set(values)) > 1:
                shown = tuple(run.parts[part].get(what) for run in runs)
                row = Row(part, what, shown)
                rows += _by_argument(row) if part == SETTINGS else [row]
    return rows + _metric_rows(runs)


def _by_argument(row: Row) -> list[Row]:
    """A row for each argument that differs, where all values are calls of one function."""
    calls = [_call(value or "") for value in row.values]
    if None in calls or len({call[0] for call in calls if call}) > 1:
        return [row]
    given = [call[1] for call in calls if call]
    names = dict.fromkeys(name for arguments in given for name in arguments)
    values = {name: tuple(arguments.get(name) for arguments in given) for name in names}
    return [
        Row(row.part, f"{row.what} {name}", each)
        for name, each in values.items()
        if len(set(each)) > 1
    ]


def _call(text: str) -> tuple[str, dict[str, str]] | None:
    """`sgd(0.1, momentum=0.9)` as its name and its arguments, those without a name by place."""
    try:
        call = parse_expression(Source("", text))
    except SpecError:
        return None
    if not isinstance(call, tree.Call):
        return None
    arguments = {
        each.name or f"argument {place}": print_expr(each.value)
        for place, each in enumerate(call.args, 1)
    }
    return call.func.id, arguments


def _metric_rows(runs: Sequence[Compared]) -> list[Row]:
    rows: list[Row] = []
    for split in dict.fromkeys(name for run in runs for name in run.metrics):
        scores = [run.metrics.get(split, {}) for run in runs]
        for name in dict.fromkeys(metric for each in scores for metric in each):
            values = tuple(each.get(name) for each in scores)
            rows.append(Row("metrics", f"{split} {name}", values, _better(values, name, runs)))
    return rows


def _better(values: Sequence[Any], name: str, runs: Iterable[Compared]) -> tuple[int, ...]:
    """The runs with the best number, unless all have it, or it is not known which way is better."""
    ways = {run.directions[name] for run in runs if name in run.directions}
    finite = [v for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    if len(ways) != 1 or not finite:
        return ()
    best = min(finite) if ways == {"min"} else max(finite)
    found = tuple(index for index, value in enumerate(values) if value == best)
    return found if len(found) < len(values) else ()


def names(count: int) -> list[str]:
    """A, B, C, ...: what runs are called in a table."""
    return [chr(ord("A") + i) if i < 26 else f"R{i + 1}" for i in range(count)]


def as_record(runs: Sequence[Compared]) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "runs": [run.folder for run in runs],
        "notes": [list(run.notes) for run in runs],
        "differences": [
            {
                "part": row.part,
                "what": row.what,
                "values": list(row.values),
                "better": list(row.better),
            }
            for row in differences(runs)
        ],
    }


def as_text(runs: Sequence[Compared]) -> str:
    """The runs by letter, and a table for each part."""
    letters = names(len(runs))
    lines = [f"{letter}  {run.folder}" for letter, run in zip(letters, runs, strict=True)]
    lines += [f"note: {run.folder}: {note}" for run in runs for note in run.notes]
    rows = differences(runs)
    if all(row.part == "metrics" for row in rows):
        lines += ["", f"no difference in {_compared(runs)}"]
    for part in dict.fromkeys(row.part for row in rows):
        own = [row for row in rows if row.part == part]
        table = [[part, *letters]]
        table += [[f"  {row.what}", *(_shown(row, i) for i in range(len(runs)))] for row in own]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        shown = ((c.ljust(w) for c, w in zip(cells, widths, strict=True)) for cells in table)
        lines += ["", *("  ".join(cells).rstrip() for cells in shown)]
    return "\n".join(lines)


def _compared(runs: Sequence[Compared]) -> str:
    """The parts that two runs at least have."""
    parts = [p for p in PARTS if sum(bool(run.parts[p]) for run in runs) > 1]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _shown(row: Row, index: int, most: int = MOST) -> str:
    value = row.values[index]
    if value is None:
        return NONE
    text = value if isinstance(value, str) else show_score(cast("Score", value))
    if len(text) > most:
        text = f"{text[: most - 3]}..."
    return f"{text} *" if index in row.better else text


def as_page(runs: Sequence[Compared]) -> str:
    """The same as one HTML file, with the learning curves of all runs in each chart."""
    letters = names(len(runs))
    folders = [[name, run.folder] for name, run in zip(letters, runs, strict=True)]
    legend = table_of(["", "run"], folders, texts=(1,))
    sections = [f"<header><h1>{len(runs)} runs</h1></header>{legend}"]
    sections += [f"<p>{escape(f'{run.folder}: {n}')}</p>" for run in runs for n in run.notes]
    sections.append(section("Learning curves", f'<div class="charts">{_charts(runs)}</div>'))
    rows = differences(runs)
    for part in ("metrics", *PARTS):
        cells = [
            [row.what, *(_shown(row, i, 10_000) for i in range(len(runs)))]
            for row in rows
            if row.part == part
        ]
        if cells:
            texts = () if part == "metrics" else range(1, len(runs) + 1)
            body = table_of(["", *letters], cells, texts)
            title = "Results (* is better)" if part == "metrics" else f"Differences: {part}"
            sections.append(section(title, body))
    return page(" and ".join(run.folder for run in runs), sections)


def _charts(runs: Sequence[Compared]) -> str:
    """A chart for each metric of each split, with a line a run; lists of numbers have none."""
    keys = dict.fromkeys(
        (split, metric)
        for split in ("validation", "train")
        for run in runs
        for record in run.history
        for metric, score in record.get(split, {}).items()
        if not isinstance(score, list)
    )
    charts: list[str] = []
    for split, metric in keys:
        lines = {
            letter: [
                (r["epoch"], r[split][metric]) for r in run.history if metric in r.get(split, {})
            ]
            for letter, run in zip(names(len(runs)), runs, strict=True)
        }
        charts.append(chart(f"{split} {metric}", lines, None))
    return "".join(charts) or '<p class="soft">No epoch was finished.</p>'
