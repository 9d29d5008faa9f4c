"""report.html: one file, offline, with what a run did."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from kspec.data.dataset import Dataset
from kspec.estimate.step import estimates
from kspec.ir import BadText, InvalidIR, Module, read, verify
from kspec.runtime import data_page
from kspec.runtime.classes_page import as_html
from kspec.runtime.cost_page import cost, passes
from kspec.runtime.curves import chart
from kspec.runtime.evaluation import Evaluation
from kspec.runtime.folder import PASSES
from kspec.runtime.loop import Score
from kspec.runtime.page import breakable, links, page, section, table_of
from kspec.runtime.pictures import strips
from kspec.runtime.progress import MOST_NUMBERS, show_score
from kspec.runtime.run import Record, Run
from kspec.runtime.vitals import rates_over


@dataclass(frozen=True, slots=True)
class WeightRow:
    """A line of the table of weights."""

    path: str
    type: str
    count: int
    learned: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows.

    Attributes:
        title: The model's name.
        folder: The run folder.
        about: `run.json`.
        history: A record an epoch.
        spec: The spec's text.
        picture: The model as an `<svg>` element, or nothing.
        weights: The weights.
        directions: Which way each metric is better, where that is known.
        classes: What the model makes of each class, for a loss on classes.
        rates: The learning rate that each epoch ended with.
        data: The section on the data, as HTML.
        cost: That on time and memory.
        passes: That on what the compiler did.
    """

    title: str
    folder: str
    about: Mapping[str, Any]
    history: tuple[Record, ...]
    spec: str
    picture: str
    weights: tuple[WeightRow, ...]
    directions: Mapping[str, str] = field(default_factory=dict[str, str])
    classes: Evaluation | None = None
    rates: tuple[tuple[int, float], ...] = ()
    data: str = ""
    cost: str = ""
    passes: str = ""


def report_of(
    run: Run,
    folder: Path,
    about: Mapping[str, Any],
    dataset: Dataset,
    classes: Evaluation | None = None,
    *,
    at_once: bool = True,
) -> Report:
    """The report of a run as it stands, trained on a data set.

    Args:
        run: The run.
        folder: Its folder.
        about: Its `run.json`.
        dataset: The data.
        classes: What it makes of each class.
        at_once: Whether the user waits for something else.
    """
    plan, module = run.bundle.plan, _module(run)
    fields = plan.data.fields if plan.data else ()
    shown = strips(run, dataset.splits["train"], module, at_once=at_once) if module else []
    steps = run.bundle.files.get(PASSES)
    learned = {path for path, place in run.places.items() if place.keys[0] == "params"}
    rows = tuple(
        WeightRow(path, f"{w.dtype}[{', '.join(map(str, w.shape))}]", w.size, path in learned)
        for path, w in run.weights.items()
    )
    files = run.bundle.files
    return Report(
        title=plan.name,
        folder=folder.as_posix(),
        about=about,
        history=tuple(run.history),
        spec=files.get("spec.kspec", ""),
        picture=files.get("model.svg", ""),
        weights=rows,
        directions={"loss": "min", **plan.directions},
        classes=classes,
        rates=tuple(rates_over(plan, run.history)),
        data=data_page.as_html(dataset, fields, shown),
        cost=cost(plan, estimates(module), about, run.history) if module else "",
        passes=passes(json.loads(steps)) if steps else "",
    )


def _module(run: Run) -> Module | None:
    """The IR that the program was made of; None where a folder has it no more."""
    try:
        module = read(run.bundle.files.get("model.opt.ir", ""))
        verify(module)
    except (BadText, InvalidIR):
        return None
    return module


def render_report(report: Report) -> str:
    """The page. Everything that comes from outside is escaped."""
    bodies = {
        "Learning curves": f'<div class="charts">{_charts(report)}</div>',
        "Results": _results(report.about.get("metrics", {})),
        "Classes": as_html(report.classes) if report.classes else "",
        "Data": report.data,
        "Model": f'<div class="model"><div>{report.picture}</div>{_weights(report)}</div>',
        "Time and memory": report.cost,
        "What the compiler did": report.passes,
        "Spec": f"<pre>{_numbered(report.spec)}</pre>",
        "Use it": f"<pre>{escape(_commands(report))}</pre>",
        "Environment": _table(_environment(report.about)),
    }
    there = {title: body for title, body in bodies.items() if body}
    notes = {"Spec": str(report.about["spec"])}
    sections = [section(title, body, notes.get(title, "")) for title, body in there.items()]
    return page(report.title, [_headline(report), links(there), *sections])


def _headline(report: Report) -> str:
    about = report.about
    metrics: Mapping[str, Mapping[str, Score]] = about.get("metrics", {})
    split = next((s for s in ("test", "validation", "train") if s in metrics), None)
    tiles: list[tuple[str, str]] = []
    if split:
        tiles += [(show_score(v), f"{split} {name}") for name, v in metrics[split].items()]
    timing = about.get("timing", {})
    if "training_s" in timing:
        tiles.append((f"{timing['training_s']:.1f} s", "training"))
    if timing.get("first_update_s") is not None:
        tiles.append((f"{timing['first_update_s']:.1f} s", "to the first update"))
    tiles.append((f"{sum(row.count for row in report.weights):,}", "weights"))
    body = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{breakable(label)}</span></div>'
        for value, label in tiles
    )
    steps = f", {about['steps']:,} updates" if "steps" in about else ""
    line = f"{about['status']} after {about['epoch']} epochs{steps}"
    return (
        f'<header><h1>{escape(report.title)}</h1><div class="soft">{escape(line)} &middot; '
        f'<span class="mono">{escape(report.folder)}</span></div>'
        f'<div class="tiles">{body}</div></header>'
    )


def _charts(report: Report) -> str:
    if not report.history:
        return '<p class="soft">No epoch was finished.</p>'
    charts: list[str] = []
    first: Mapping[str, Score] = report.history[0]["train"]
    for metric, score in first.items():
        way = report.directions.get(metric)
        if not isinstance(score, list):
            charts.append(_chart(metric, report.history, way, lambda each: each))
        elif len(score) > MOST_NUMBERS:
            note = f"{metric}: {len(score)} numbers an epoch, in metrics.jsonl"
            charts.append(f'<p class="soft">{escape(note)}</p>')
        else:  # a chart for each class, or whatever they are
            for i in range(len(score)):
                name = f"{metric}[{i}]"
                charts.append(_chart(metric, report.history, way, lambda each, i=i: each[i], name))
    if len({rate for _, rate in report.rates}) > 1:
        charts.append(chart("learning rate", {"rate": report.rates}, None))
    return "".join(charts)


def _chart(
    metric: str,
    history: tuple[Record, ...],
    way: str | None,
    pick: Callable[[Any], float],
    title: str = "",
) -> str:
    """The lines of a metric, the best epoch of the last split marked."""
    lines = {
        split: [(r["epoch"], pick(r[split][metric])) for r in history if metric in r.get(split, {})]
        for split in ("train", "validation")
        if split in history[0]
    }
    last = [point for point in list(lines.values())[-1] if math.isfinite(point[1])]
    better = {"min": min, "max": max}.get(way or "")
    best = better(last, key=lambda point: point[1]) if last and better else None
    return chart(title or metric, lines, best)


def _results(metrics: Mapping[str, Mapping[str, Score]]) -> str:
    if not metrics:
        return '<p class="soft">The run was stopped before its end.</p>'
    names = list(next(iter(metrics.values())))
    rows = ([split, *(show_score(v[name]) for name in names)] for split, v in metrics.items())
    return table_of(["", *names], rows)


def _weights(report: Report) -> str:
    rows = "".join(
        f'<tr><td class="mono">{escape(w.path)}</td><td class="mono">{escape(w.type)}</td>'
        f'<td class="num">{w.count:,}</td><td>{"" if w.learned else "statistic"}</td></tr>'
        for w in report.weights
    )
    head = '<tr><th>weight</th><th>type</th><th class="num">count</th><th></th></tr>'
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _numbered(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "\n".join(f'<span class="n">{i}</span>{escape(line)}' for i, line in enumerate(lines, 1))


def _commands(report: Report) -> str:
    folder = report.folder
    commands = [f"kspec eval {folder}", f"kspec predict {folder} --input FILE.npz"]
    if report.about.get("status") != "finished":
        commands.append(f"kspec resume {folder}")
    return "\n".join(commands)


def _environment(about: Mapping[str, Any]) -> Mapping[str, str]:
    rows = {name: str(value) for name, value in about.get("environment", {}).items()}
    rows["seed"] = str(about["seed"])
    if "data_fingerprint" in about:
        rows["data"] = f"sha256 {about['data_fingerprint'][:16]}"
        rows["rows"] = ", ".join(f"{n} {rows:,}" for n, rows in about["rows"].items())
    return rows


def _table(rows: Mapping[str, str]) -> str:
    body = "".join(
        f'<tr><th>{escape(name)}</th><td class="mono">{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f'<div class="scroll"><table>{body}</table></div>'
