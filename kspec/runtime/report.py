"""report.html: one file, offline, with what a run did."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from kspec.runtime.curves import chart
from kspec.runtime.loop import Score
from kspec.runtime.progress import MOST_NUMBERS, show_score
from kspec.runtime.run import Record, Run

CSS: Final = """\
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6876; --rule: #dfe4ea;
  --page: #ffffff; --panel: #f6f8fa; --s0: #0b66c3; --s1: #c2570c; --s2: #1a7f4b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #a3afbb;
  --rule: #333d47; --page: #14191f; --panel: #1c232b; --s0: #6cb2ff; --s1: #f5a05c;
  --s2: #67cf95; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 44px 0 14px; padding-top: 14px; border-top: 1px solid var(--rule); }
.soft { color: var(--soft); font-weight: 400; }
code, pre, td.num, .mono { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; }
.tiles { display: grid; gap: 12px; margin-top: 24px;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px;
  padding: 12px 16px; overflow-wrap: anywhere; }
.tile b { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.charts { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
figure { margin: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: 10px;
  padding: 12px 14px 6px; min-width: 0; }
figcaption { font-weight: 600; font-size: 14px; overflow-wrap: anywhere; }
svg.chart { width: 100%; height: auto; display: block; }
.chart line { stroke: var(--rule); }
.chart text { fill: var(--soft); font-size: 11px; }
.chart polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
.chart polyline.s0 { stroke: var(--s0); } .chart .dot.s0, .chart .name.s0 { fill: var(--s0); }
.chart polyline.s1 { stroke: var(--s1); } .chart .dot.s1, .chart .name.s1 { fill: var(--s1); }
.chart polyline.s1 { stroke-dasharray: 6 3; }
.chart .name { font-weight: 600; }
.chart .best { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
.num { text-align: right; font-variant-numeric: tabular-nums; }
.model { display: grid; gap: 28px; grid-template-columns: minmax(0, auto) minmax(0, 1fr);
  align-items: start; }
.model svg { max-width: 100%; height: auto; }
@media (max-width: 760px) { .model { grid-template-columns: minmax(0, 1fr); } }
pre { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; margin: 0;
  padding: 14px 16px; overflow-x: auto; line-height: 1.45; }
pre .n { color: var(--soft); user-select: none; display: inline-block; width: 2.6em; }
"""


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
    """

    title: str
    folder: str
    about: Mapping[str, Any]
    history: tuple[Record, ...]
    spec: str
    picture: str
    weights: tuple[WeightRow, ...]
    directions: Mapping[str, str] = field(default_factory=dict[str, str])


def report_of(run: Run, folder: Path, about: Mapping[str, Any]) -> Report:
    """The report of a run as it stands."""
    learned = {f"{path}" for path in _paths(run.state["params"])}
    rows = tuple(
        WeightRow(path, f"{w.dtype}[{', '.join(map(str, w.shape))}]", w.size, path in learned)
        for path, w in run.weights.items()
    )
    files = run.bundle.files
    return Report(
        title=run.bundle.plan.name,
        folder=folder.as_posix(),
        about=about,
        history=tuple(run.history),
        spec=files.get("spec.kspec", ""),
        picture=files.get("model.svg", ""),
        weights=rows,
        directions={"loss": "min", **run.bundle.plan.directions},
    )


def _paths(tree: Mapping[str, Any]) -> list[str]:
    from kspec.runtime.weights import flatten

    return list(flatten(tree))


def render_report(report: Report) -> str:
    """The page. Everything that comes from outside is escaped."""
    title = escape(report.title)
    sections = [
        _headline(report),
        _section("Learning curves", f'<div class="charts">{_charts(report)}</div>'),
        _section("Results", _results(report.about.get("metrics", {}))),
        _section(
            "Model", f'<div class="model"><div>{report.picture}</div>{_weights(report)}</div>'
        ),
        _section(
            f"Spec <span class=soft>{escape(str(report.about['spec']))}</span>",
            f"<pre>{_numbered(report.spec)}</pre>",
        ),
        _section("Use it", f"<pre>{escape(_commands(report))}</pre>"),
        _section("Environment", _table(_environment(report.about))),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} - kspec</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(section for section in sections if section)
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>"


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
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
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
    head = "".join(f'<th class="num">{escape(name)}</th>' for name in names)
    rows = "".join(
        f"<tr><td>{escape(split)}</td>"
        + "".join(f'<td class="num">{escape(show_score(values[name]))}</td>' for name in names)
        + "</tr>"
        for split, values in metrics.items()
    )
    return f'<div class="scroll"><table><tr><th></th>{head}</tr>{rows}</table></div>'


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
