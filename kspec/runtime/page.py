"""HTML pages in one file, offline: their style, their frame, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

CSS: Final = """\
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6876; --rule: #dfe4ea;
  --page: #ffffff; --panel: #f6f8fa; --s0: #0b66c3; --s1: #c2570c; --s2: #1a7f4b;
  --s3: #8a3fc0; --s4: #b3261e; --s5: #0f7c86; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #a3afbb;
  --rule: #333d47; --page: #14191f; --panel: #1c232b; --s0: #6cb2ff; --s1: #f5a05c;
  --s2: #67cf95; --s3: #c792ea; --s4: #f28b82; --s5: #5fd3dc; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px; }
header { overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 20px; font-size: 14px; }
nav a { color: var(--s0); text-decoration: none; } nav a:hover { text-decoration: underline; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 14px; padding-top: 18px; border-top: 1px solid var(--rule); }
p { margin: 0 0 14px; max-width: 76ch; }
.soft { color: var(--soft); font-weight: 400; }
code, pre, td.num, .mono { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; }
.tiles { display: grid; gap: 12px; margin-top: 24px;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px;
  padding: 12px 16px; overflow-wrap: break-word; min-width: 0; }
.tile b { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.charts { display: grid; gap: 20px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
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
.chart polyline.s2 { stroke: var(--s2); } .chart .dot.s2, .chart .name.s2 { fill: var(--s2); }
.chart polyline.s3 { stroke: var(--s3); } .chart .dot.s3, .chart .name.s3 { fill: var(--s3); }
.chart polyline.s4 { stroke: var(--s4); } .chart .dot.s4, .chart .name.s4 { fill: var(--s4); }
.chart polyline.s5 { stroke: var(--s5); } .chart .dot.s5, .chart .name.s5 { fill: var(--s5); }
.keys { font-size: 13px; } .key { font-weight: 600; margin-right: 10px; overflow-wrap: anywhere; }
.key.s0 { color: var(--s0); } .key.s1 { color: var(--s1); } .key.s2 { color: var(--s2); }
.key.s3 { color: var(--s3); } .key.s4 { color: var(--s4); } .key.s5 { color: var(--s5); }
h3 { font-size: 15px; margin: 28px 0 10px; }
.confusion { margin-bottom: 24px; }
.confusion tr > * { padding: 5px 10px !important; border: 1px solid var(--rule); }
.chart .name { font-weight: 600; }
.chart .best { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.scroll { overflow-x: auto; }
.after { margin-top: 14px; }
table { border-collapse: collapse; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 5px 28px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 0; }
td.mono { white-space: nowrap; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { width: 240px; min-width: 120px; }
.bar { display: block; height: 9px; min-width: 1px; border-radius: 2px; background: var(--s0);
  opacity: 0.6; }
.strip th, .strip td { border: 0; padding: 3px 8px 3px 0; text-align: center; }
.strip th { text-align: left; padding-right: 20px; vertical-align: middle; white-space: nowrap; }
.strip img { display: block; width: 76px; height: 76px; object-fit: contain; background: #000;
  border-radius: 4px; image-rendering: pixelated; }
.model { display: flex; flex-wrap: wrap; gap: 28px; align-items: start; }
.model > div { max-height: 1200px; max-width: 100%; overflow: auto; }
.model > .scroll { flex: 1 1 400px; min-width: 0; }
.model svg { max-width: 100%; height: auto; display: block; }
pre { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; margin: 0;
  padding: 14px 16px; overflow-x: auto; line-height: 1.45; }
@media (max-width: 760px) {
  main { padding: 24px 14px 48px; }
  h1 { font-size: 24px; }
  th, td { padding-right: 18px; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); }
  .tile b { font-size: 20px; }
}
@media print { .model > div { max-height: none; } nav { display: none; } }
pre .n { color: var(--soft); user-select: none; display: inline-block; width: 2.6em; }
"""


def page(title: str, sections: Iterable[str]) -> str:
    """A whole page. The title is escaped; sections are HTML, and empty ones are left out."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} - kspec</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(each for each in sections if each)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, body: str, note: str = "") -> str:
    """A part of a page under its title, which is escaped as its note is; the body is HTML."""
    beside = f' <span class="soft">{escape(note)}</span>' if note else ""
    head = f'<h2 id="{_anchor(title)}">{escape(title)}{beside}</h2>'
    return f"<section>\n{head}\n{body}\n</section>"


def links(titles: Iterable[str]) -> str:
    """Where the sections of a page are."""
    each = (f'<a href="#{_anchor(title)}">{escape(title)}</a>' for title in titles)
    return f"<nav>{''.join(each)}</nav>"


def _anchor(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title.lower())


def breakable(text: str) -> str:
    """A name as HTML; a line may end behind its underscores."""
    return escape(text).replace("_", "_<wbr>")


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = ()) -> str:
    """A table of texts, which are escaped.

    Args:
        head: The titles of the columns.
        rows: The rows; the first column names them.
        texts: The columns that hold texts; all others hold numbers.
    """
    kinds = ["" if i in (0, *texts) else ' class="num"' for i in range(len(head))]
    top = "".join(f"<th{kinds[i]}>{breakable(text)}</th>" for i, text in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kinds[i]}>{escape(text)}</td>" for i, text in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'
