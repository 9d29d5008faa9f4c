"""Place boxes in rows: each below all that it reads, with few crossings.

Rows are longest paths; an arrow over several rows is cut at each by a place-holder, so
that it runs between the boxes; the order within a row follows the means of neighbours.
Source: Sugiyama, Tagawa and Toda, Methods for Visual Understanding of Hierarchical
System Structures, 1981.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from kspec.graph.model import Edge, Graph

WIDTH: Final = 232
HEIGHT: Final = 46
GAP_X: Final = 28
GAP_Y: Final = 36
THIN: Final = 40  # the width of a place-holder
SWEEPS: Final = 6


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow and the points that it passes, the ends included."""

    edge: Edge
    points: tuple[tuple[float, float], ...]


@dataclass
class Layout:
    """Where everything is. Positions are the boxes' centers."""

    width: float = 0
    height: float = 0
    centers: dict[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    routes: list[Route] = field(default_factory=list[Route])


def place(graph: Graph) -> Layout:
    """Place a graph's boxes and route its arrows."""
    row_of = _rows(graph)
    links: list[tuple[int, int]] = []
    chains: list[tuple[Edge, list[int]]] = []
    rows: list[list[int]] = [[] for _ in range(max(row_of.values(), default=0) + 1)]
    for node in graph.nodes:
        rows[row_of[node.id]].append(node.id)
    holder = len(graph.nodes)
    for edge in graph.edges:
        chain = [edge.source]
        for row in range(row_of[edge.source] + 1, row_of[edge.target]):
            rows[row].append(holder)
            chain.append(holder)
            holder += 1
        chain.append(edge.target)
        links += pairwise(chain)
        chains.append((edge, chain))
    _order(rows, links)
    return _positions(rows, chains, len(graph.nodes))


def _rows(graph: Graph) -> dict[int, int]:
    row_of = {node.id: 0 for node in graph.nodes}
    for node in graph.nodes:  # nodes come in the order of the program
        for edge in graph.edges:
            if edge.target == node.id:
                row_of[node.id] = max(row_of[node.id], row_of[edge.source] + 1)
    return row_of


def _order(rows: list[list[int]], links: list[tuple[int, int]]) -> None:
    """Sort each row by the mean place of its neighbours, down and up in turn."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for source, target in links:
        above.setdefault(target, []).append(source)
        below.setdefault(source, []).append(target)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        indices = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for index in indices:
            other = rows[index - 1] if down else rows[index + 1]
            at = {node: place for place, node in enumerate(other)}
            mean = {
                node: sum(at[n] for n in near[node]) / len(near[node])
                if near.get(node)
                else float(rows[index].index(node))
                for node in rows[index]
            }
            rows[index].sort(key=lambda node: mean[node])


def _positions(rows: list[list[int]], chains: list[tuple[Edge, list[int]]], boxes: int) -> Layout:
    def width(node: int) -> int:
        return WIDTH if node < boxes else THIN

    widths = [sum(map(width, row)) + GAP_X * (len(row) - 1) for row in rows]
    layout = Layout(width=max(widths, default=0) + 2 * GAP_X)
    centers: dict[int, tuple[float, float]] = {}
    for index, row in enumerate(rows):
        x = (layout.width - widths[index]) / 2
        y = GAP_Y / 2 + HEIGHT / 2 + index * (HEIGHT + GAP_Y)
        for node in row:
            centers[node] = (x + width(node) / 2, y)
            x += width(node) + GAP_X
    layout.height = len(rows) * (HEIGHT + GAP_Y)
    layout.centers = {node: centers[node] for node in centers if node < boxes}
    for edge, chain in chains:
        start, end = centers[chain[0]], centers[chain[-1]]
        points = [(start[0], start[1] + HEIGHT / 2)]
        for node in chain[1:-1]:
            x, y = centers[node]
            points += [(x, y - HEIGHT / 2), (x, y + HEIGHT / 2)]
        points.append((end[0], end[1] - HEIGHT / 2))
        layout.routes.append(Route(edge, tuple(points)))
    return layout
