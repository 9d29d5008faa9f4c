"""What was measured as a page and as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.harness import OURS, Measured
from benchmarks.machine import PACKAGES, Rates

PEERS: Final = {
    "keras": "Keras on JAX",
    "jax": "JAX and Optax by hand",
    "keras_tensorflow": "Keras on TensorFlow",
    "nnx": "Flax NNX",
    "torch": "PyTorch",
    "torch_compiled": "PyTorch, compiled",
}
HEAD: Final = """\
# What was measured

Written by `python -m benchmarks`; [docs/benchmarks.md](../docs/benchmarks.md) says how, and what
the columns mean.

![How many times as fast as its peers kspec is](results.svg)
"""


def page(facts: Mapping[str, str], rates: Rates, rounds: int, measured: Sequence[Measured]) -> str:
    """RESULTS.md."""
    versions = ", ".join(f"{name} {facts[name]}" for name in PACKAGES if name in facts)
    lines = [
        HEAD,
        f"- {facts['date']}, {facts['machine']}, {facts['device']}, load average {facts['load']}",
        f"- Python {facts['python']}, {versions}",
        f"- at best {rates.flops / 1e9:,.0f} GFLOP/s in a matrix product, "
        f"{rates.bytes / 1e9:,.1f} GB/s in a copy",
        f"- {rounds} rounds, fewer where a call is long; medians, and the range of the rounds",
        "",
        "| workload | contender | seconds | range | first call | ratio | range | goal "
        "| loss | floor |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in measured:
        lines += _rows(each, rates)
    faults = [f"- {each.name}: {fault}" for each in measured for fault in each.faults()]
    if faults:
        lines += ["", "These times must not be compared:", "", *faults]
    return "\n".join(lines) + "\n"


def _rows(each: Measured, rates: Rates) -> list[str]:
    """A row a contender; kspec's has the floor, and what holds for all."""
    rows = []
    for name, times in each.times.items():
        low, high = min(times.rounds), max(times.rounds)
        cells = [
            f"{each.name}, {each.unit}" if name == OURS else "",
            PEERS.get(name, name),
            _number(times.median),
            f"{_number(low)} to {_number(high)}",
            "" if times.first is None else _number(times.first),
            *_against(each, name),
            f"{times.loss:.4f}" if name == OURS else f"{times.loss:.4f} {_difference(each, name)}",
            _number(each.floor.seconds(rates)) if name == OURS else "",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _against(each: Measured, peer: str) -> list[str]:
    """The ratio, its range, and the goal with whether it is reached."""
    if peer == OURS:
        return ["", "", ""]
    ratio, (low, high), goal = each.ratio(peer), each.spread(peer), each.goals.get(peer)
    aim = "" if goal is None else f"{goal:g}, {'reached' if ratio >= goal else 'not reached'}"
    return [f"**{ratio:.2f}**", f"{low:.2f} to {high:.2f}", aim]


def _difference(each: Measured, peer: str) -> str:
    ours, theirs = each.times[OURS].loss, each.times[peer].loss
    return f"({(theirs - ours) / ours:+.1%} of {each.allowed(peer):.0%})"


def _number(seconds: float) -> str:
    """Three digits that count."""
    if seconds <= 0:
        return "0"
    return f"{seconds:.{max(0, 2 - math.floor(math.log10(seconds)))}f}"


# --- the picture: bars from 1, to the right where kspec is faster, on a logarithmic scale

LEFT, RIGHT, TOP, ROW, BAR = 170, 690, 58, 46, 15
LOW, HIGH = 0.5, 16.0  # the ends of the scale
STYLE: Final = """\
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .small { font-size: 11px }
    line { stroke: #8c959f }
    .goal { stroke: #24292f; stroke-width: 2 }
    .keras { fill: #3f83d8 }
    .jax { fill: #d9822b }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .goal { stroke: #e6edf3 }
    }"""


def picture(measured: Sequence[Measured]) -> str:
    """results.svg."""
    bottom = TOP + ROW * len(measured)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {bottom + 10}" role="img">',
        "  <title>How many times as fast as its peers kspec is</title>",
        f"  <style>\n{STYLE}\n  </style>",
        *_legend(dict.fromkeys(peer for each in measured for peer in each.goals)),
    ]
    for mark in (0.5, 1, 2, 4, 8, 16):
        x = _place(mark)
        width = 1.5 if mark == 1 else 0.4
        parts += [
            f'  <line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" '
            f'stroke-width="{width}"/>',
            f'  <text class="small" x="{x:.1f}" y="{TOP - 12}" text-anchor="middle">'
            f"{mark:g}</text>",
        ]
    for number, each in enumerate(measured):
        parts += _bars(each, TOP + ROW * number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(peers: Iterable[str]) -> list[str]:
    """What the bars are of: peers that goals are set against."""
    parts, x = [], LEFT
    for peer in peers:
        parts += [
            f'  <rect class="{peer}" x="{x}" y="8" width="12" height="12"/>',
            f'  <text x="{x + 18}" y="18">faster than {escape(PEERS[peer])}</text>',
        ]
        x += 200
    parts += [
        f'  <line class="goal" x1="{x + 30}" y1="7" x2="{x + 30}" y2="21"/>',
        f'  <text x="{x + 38}" y="18">goal</text>',
    ]
    return parts


def _bars(each: Measured, y: int) -> list[str]:
    """A workload's name, and a bar a peer with its ratio and its goal."""
    parts = [f'  <text x="{LEFT - 10}" y="{y + 20}" text-anchor="end">{escape(each.name)}</text>']
    for row, (peer, goal) in enumerate(each.goals.items()):
        ratio, top = each.ratio(peer), y + 4 + row * (BAR + 3)
        start, end = sorted((_place(1), _place(ratio)))
        parts += [
            f'  <rect class="{peer}" x="{start:.1f}" y="{top}" width="{end - start:.1f}" '
            f'height="{BAR}"/>',
            f'  <text class="small" x="{max(end, _place(goal or 1)) + 6:.1f}" y="{top + 12}">'
            f"{ratio:.2f}</text>",
        ]
        if goal is not None:
            x = _place(goal)
            parts += [
                f'  <line class="goal" x1="{x:.1f}" y1="{top - 1}" x2="{x:.1f}" '
                f'y2="{top + BAR + 1}"/>'
            ]
    return parts


def _place(ratio: float) -> float:
    """Where a ratio is on the scale, or the nearer end of it."""
    share = math.log(min(max(ratio, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
    return LEFT + share * (RIGHT - LEFT)
