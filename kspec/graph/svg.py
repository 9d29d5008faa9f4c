"""Draw a graph as SVG that reads well on light and on dark pages."""

from __future__ import annotations

from html import escape
from typing import Final

from kspec.graph.layout import HEIGHT, WIDTH, Route, place
from kspec.graph.model import Graph, Node, text_of

LONGEST: Final = 32  # characters that fit into a box
_STYLE: Final = """\
.kspec-graph { font: 13px ui-sans-serif, system-ui, sans-serif; color: #1d2733;
  --line: #8b98a8; --box: #f4f6f9; --edge: #c3ccd6; --input: #e2eefc; --output: #e3f4e6;
  --soft: #5b6876; --page: #ffffff; }
@media (prefers-color-scheme: dark) { .kspec-graph { color: #e4e9ee; --line: #7c8996;
  --box: #232b34; --edge: #414d59; --input: #1e3550; --output: #1f3d2a; --soft: #a3afbb;
  --page: #14191f; } }
.kspec-graph rect { fill: var(--box); stroke: var(--edge); }
.kspec-graph .input rect { fill: var(--input); }
.kspec-graph .output rect { fill: var(--output); }
.kspec-graph .block .behind { fill: var(--edge); }
.kspec-graph text { fill: currentColor; text-anchor: middle; }
.kspec-graph .title { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px; }
.kspec-graph .soft { fill: var(--soft); font-size: 11px; }
.kspec-graph .label { fill: var(--soft); font-size: 11px; text-anchor: start;
  paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
.kspec-graph path { fill: none; stroke: var(--line); stroke-width: 1.4; }
.kspec-graph .head { fill: var(--line); stroke: none; }"""


def draw(graph: Graph) -> str:
    """The picture as an `<svg>` element."""
    layout = place(graph)
    parts = [_node(node, *layout.centers[node.id]) for node in graph.nodes]
    shapes: dict[int, set[str]] = {}
    for edge in graph.edges:
        shapes.setdefault(edge.source, set()).add(edge.label)
    routes = [_route(route) for route in layout.routes]
    routes += [_label(route, len(shapes[route.edge.source]) == 1) for route in layout.routes]
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    box = f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="kspec-graph" {size} {box} role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *routes, *parts, "</svg>"]) + "\n"


def _node(node: Node, x: float, y: float) -> str:
    title = node.title if len(node.title) <= LONGEST else node.title[: LONGEST - 1] + "\u2026"
    rows = [(title, "title")]
    if node.subtitle:
        rows.append((_clip(node.subtitle), "soft"))
    top = y + 4 - (8 if len(rows) == 2 else 0)
    texts = "".join(
        f'<text class="{style}" x="{x:.1f}" y="{top + 17 * i:.1f}">{escape(text)}</text>'
        for i, (text, style) in enumerate(rows)
    )
    left, upper = x - WIDTH / 2, y - HEIGHT / 2
    behind = ""
    if node.kind == "block":  # a second card below the first: there is something inside
        path = f"M{left + 4:.1f} {upper + HEIGHT:.1f}v2q0 4 4 4h{WIDTH - 8}q4 0 4 -4"
        path += f"V{upper + 8:.1f}q0 -4 -4 -4v{HEIGHT - 12}q0 8 -8 8z"
        behind = f'<path class="behind" d="{path}"/>'
    where = "".join(f"{text_of(part.span)} \u203a " for part in node.inside)
    return (
        f'<g class="{node.kind}"><title>{escape(where + node.title)}</title>{behind}'
        f'<rect x="{left:.1f}" y="{upper:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f"{texts}</g>"
    )


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST + 4 else text[: LONGEST + 3] + "\u2026"


def _route(route: Route) -> str:
    """A smooth line downwards with a head at its end."""
    (x, y), *rest = route.points
    commands = [f"M{x:.1f} {y:.1f}"]
    last_x, last_y = x, y
    end_x, end_y = rest[-1]
    for at, (next_x, next_y) in enumerate(rest):
        stop = next_y - 5 if at == len(rest) - 1 else next_y
        bend = (stop - last_y) / 2
        if next_x == last_x:
            commands.append(f"L{next_x:.1f} {stop:.1f}")
        else:
            commands.append(
                f"C{last_x:.1f} {last_y + bend:.1f} {next_x:.1f} {stop - bend:.1f} "
                f"{next_x:.1f} {stop:.1f}"
            )
        last_x, last_y = next_x, next_y
    head = f"M{end_x - 4.5:.1f} {end_y - 7:.1f}L{end_x + 4.5:.1f} {end_y - 7:.1f}"
    return (
        f'<path d="{"".join(commands)}"/><path class="head" d="{head}L{end_x:.1f} {end_y:.1f}Z"/>'
    )


def _label(route: Route, alike: bool) -> str:
    """The shape beside an arrow.

    Args:
        route: The arrow's points.
        alike: Whether all arrows from there have this shape, which then stands beside their
            common start; else beside the first part of each.
    """
    (x, y), (next_x, next_y), *_ = route.points
    if not alike:
        x, y = (x + next_x) / 2, (y + next_y) / 2 - 11
    text = escape(route.edge.label)
    return f'<text class="label" x="{x + 7:.1f}" y="{y + 15:.1f}">{text}</text>'
