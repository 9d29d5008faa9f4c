"""Learning curves as SVG: one chart a metric, a line a split."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

WIDTH: Final = 420
HEIGHT: Final = 250
COLORS: Final = 6  # that the page has for lines
LEFT, RIGHT, TOP, BOTTOM = 52, 74, 14, 30
Points = Sequence[tuple[int, float]]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers that cover a range: at most `most` + 1 of them."""
    if not high > low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def chart(metric: str, lines: Mapping[str, Points], best: tuple[int, float] | None) -> str:
    """One metric over the epochs.

    Args:
        metric: Its name, the chart's title.
        lines: (epoch, value) by split, or by run; values that are no numbers are left out.
        best: The best epoch and its value, marked.
    """
    clean = {n: [(e, v) for e, v in points if math.isfinite(v)] for n, points in lines.items()}
    values = [v for points in clean.values() for _, v in points]
    if not values:
        return ""
    epochs = [e for points in clean.values() for e, _ in points]
    log = min(values) > 0 and max(values) / min(values) > 100
    scale = _Scale(min(epochs), max(epochs), values, log)
    parts = [*scale.grid(), *scale.epoch_marks()]
    ends: list[tuple[float, str, int]] = []
    for place, (name, points) in enumerate(clean.items()):
        index = place % COLORS
        if points:
            parts.append(_line(points, scale, index))
            ends.append((scale.y(points[-1][1]), name, index))
    parts += _names(ends)
    if best is not None and math.isfinite(best[1]):
        x, y = scale.x(best[0]), scale.y(best[1])
        title = f"best: {best[1]:.4g} in epoch {best[0]}"
        parts.append(
            f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="5.5">'
            f"<title>{escape(title)}</title></circle>"
        )
    body = "".join(parts)
    note = " (logarithmic)" if log else ""
    return (
        f'<figure><figcaption>{escape(metric)}<span class="soft">{note}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="chart">{body}</svg></figure>'
    )


class _Scale:
    """From epochs and values to places."""

    def __init__(self, first: int, last: int, values: list[float], log: bool) -> None:
        self.first, self.last, self.log = first, last, log
        if log:
            low = math.floor(math.log10(min(values)))
            high = math.ceil(math.log10(max(values)))
            self.marks = [10.0**p for p in range(low, max(high, low + 1) + 1)]
        else:
            self.marks = ticks(min(values), max(values))
        self.low, self.high = self._t(self.marks[0]), self._t(self.marks[-1])

    def _t(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def x(self, epoch: float) -> float:
        """The place of an epoch; a single one stands in the middle."""
        span = self.last - self.first
        share = (epoch - self.first) / span if span else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """The place of a value."""
        share = (self._t(value) - self.low) / ((self.high - self.low) or 1)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> list[str]:
        """Lines at round values, with the values beside them."""
        parts: list[str] = []
        for mark in self.marks:
            y = self.y(mark)
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
        return parts

    def epoch_marks(self) -> list[str]:
        """A few epochs below the chart."""
        marks = {round(m) for m in ticks(self.first, self.last, 6)}
        shown = sorted(m for m in marks if self.first <= m <= self.last) or [self.first]
        return [
            f'<text x="{self.x(m):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{m}</text>'
            for m in shown
        ]


def _line(points: Points, scale: _Scale, index: int) -> str:
    path = " ".join(f"{scale.x(e):.1f},{scale.y(v):.1f}" for e, v in points)
    dots = ""
    if len(points) <= 12:
        dots = "".join(
            f'<circle class="dot s{index}" cx="{scale.x(e):.1f}" cy="{scale.y(v):.1f}" r="2.6"/>'
            for e, v in points
        )
    return f'<polyline class="s{index}" points="{path}"/>{dots}'


def _names(ends: list[tuple[float, str, int]]) -> list[str]:
    """The splits' names at the ends of their lines, moved apart where they would touch."""
    parts: list[str] = []
    last = -math.inf
    for y, name, index in sorted(ends):
        y = max(y, last + 15)
        last = y
        place = f'x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}"'
        parts.append(f'<text class="name s{index}" {place}>{escape(name)}</text>')
    return parts
