"""The report on classes, as a part of a page and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from kspec.runtime.classes import Bin, Point
from kspec.runtime.evaluation import ClassRow, Evaluation
from kspec.runtime.page import table_of

MOST_CLASSES: Final = 30  # in a confusion matrix; of more, the pairs that are confused most
MOST_ROWS: Final = 100  # of the table of classes
MOST_LINES: Final = 6  # in a chart
SIDE, LEFT, TOP, BOTTOM = 300, 58, 12, 40
DASH: Final = "-"
HEAD: Final = (
    "class",
    "precision",
    "recall",
    "F1",
    "support",
    "ROC AUC",
    "average precision",
    "ECE",
)


def as_html(found: Evaluation) -> str:
    """The body of the section: tables, the confusion matrix and charts."""
    parts = [
        f"<p>{escape(headline(found))}</p>",
        table_of(HEAD, _rows(found)),
        _left_out(found),
        f"<h3>{_confusion_title(found)}</h3>",
        _confusion(found),
        f'<div class="charts">{_charts(found)}</div>',
    ]
    return "\n".join(part for part in parts if part)


def as_text(found: Evaluation) -> str:
    """A table of the classes, and what is confused most."""
    table = [list(HEAD), *_rows(found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [headline(found), ""]
    for cells in table:
        first, *rest = (cell for cell in cells)
        shown = [first.ljust(widths[0])]
        shown += [c.rjust(w) for c, w in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(shown).rstrip())
    if len(found.classes) > MOST_ROWS:
        lines.append(_note(found))
    pairs = found.confused()[:5]
    if pairs:
        lines += ["", "confused most:"]
        names = [each.name for each in found.classes]
        lines += [f"  {names[t]} taken for {names[p]}: {count:,}" for t, p, count in pairs]
    return "\n".join(lines)


def headline(found: Evaluation) -> str:
    """How much of the split is right, and how far probabilities are to be trusted."""
    second = f"of class {found.classes[1].name}"
    whose = second if len(found.classes) == 2 else "of the predicted class"
    return (
        f"{found.split}: {found.accuracy:.2%} of {found.examples:,} examples are right; expected "
        f"calibration error {found.ece:.4f}, for the probability {whose}"
    )


def _rows(found: Evaluation) -> list[list[str]]:
    """A row a class, and the means."""
    rows = [_row(each) for each in _shown(found)]
    for title, weighted in (("mean", False), ("mean by support", True)):
        means = [
            f"{found.mean(rate, weighted=weighted):.4f}" for rate in ("precision", "recall", "f1")
        ]
        rows.append([title, *means, f"{found.examples:,}", *[""] * 3])
    return rows


def _shown(found: Evaluation) -> Sequence[ClassRow]:
    """The classes, or of very many those with the least F1."""
    if len(found.classes) <= MOST_ROWS:
        return found.classes
    return sorted(found.classes, key=lambda each: each.f1)[:MOST_ROWS]


def _row(each: ClassRow) -> list[str]:
    curves = each.curves
    areas = (curves.auc, curves.average_precision, curves.ece) if curves else (None,) * 3
    return [
        each.name,
        *(f"{rate:.4f}" for rate in (each.precision, each.recall, each.f1)),
        f"{each.support:,}",
        *(DASH if area is None else f"{area:.4f}" for area in areas),
    ]


def _note(found: Evaluation) -> str:
    return f"the {MOST_ROWS} of {len(found.classes):,} classes with the least F1"


def _left_out(found: Evaluation) -> str:
    return f'<p class="soft">{_note(found)}</p>' if len(found.classes) > MOST_ROWS else ""


def _confusion_title(found: Evaluation) -> str:
    if len(found.classes) > MOST_CLASSES:
        return "What is confused most"
    return 'Confusion <span class="soft">what is true in rows, what was predicted in columns</span>'


def _confusion(found: Evaluation) -> str:
    names = [each.name for each in found.classes]
    if len(names) > MOST_CLASSES:
        pairs = found.confused()[:MOST_CLASSES]
        rows = (
            [names[t], names[p], f"{count:,}", f"{count / found.classes[t].support:.1%}"]
            for t, p, count in pairs
        )
        return table_of(["true", "predicted", "examples", "of the true class"], rows)
    head = "".join(f'<th class="num">{escape(name)}</th>' for name in names)
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(_cells(row, i))}</tr>"
        for i, (name, row) in enumerate(zip(names, found.confusion, strict=True))
    )
    return (
        f'<div class="scroll"><table class="confusion"><tr><th></th>{head}</tr>{body}</table></div>'
    )


def _cells(row: Sequence[int], truth: int) -> Iterable[str]:
    """The counts of a class, tinted by their share of it: right ones and wrong ones apart."""
    whole = sum(row) or 1
    for place, count in enumerate(row):
        color = "26, 127, 75" if place == truth else "194, 87, 12"
        tint = (
            f' style="background: rgba({color}, {0.1 + 0.5 * count / whole:.2f})"' if count else ""
        )
        yield f'<td class="num"{tint}>{count:,}</td>'


def _charts(found: Evaluation) -> str:
    """ROC, precision and recall, and reliability; of many classes those that are told worst."""
    drawn = [each for each in found.classes if each.curves and each.curves.auc is not None]
    drawn.sort(key=lambda each: (each.curves.auc if each.curves else None) or 0.0)
    some = drawn[:MOST_LINES]
    few = len(drawn) > len(some)
    note = (
        f"the {len(some)} classes with the least area" if few else "each class against the others"
    )
    if len(found.classes) == 2:
        note = f"class {found.classes[1].name}"
    roc = {each.name: each.curves.roc for each in some if each.curves}
    pr = {each.name: each.curves.pr for each in some if each.curves}
    whose = note if len(found.classes) == 2 else "the predicted class"
    return "".join(
        (
            square("ROC", note, roc, ("false positive rate", "true positive rate"), rises=True),
            square("Precision and recall", note, pr, ("recall", "precision")),
            square(
                "Reliability",
                f"{whose}; ECE {found.ece:.4f}",
                {"": _points(found.bins)},
                ("probability", "how often it comes true"),
                rises=True,
                dots=True,
            ),
        )
    )


def _points(bins: Iterable[Bin]) -> tuple[Point, ...]:
    return tuple(
        (each.probability, each.frequency)
        for each in bins
        if each.probability is not None and each.frequency is not None
    )


def square(
    title: str,
    note: str,
    lines: Mapping[str, Sequence[Point]],
    axes: tuple[str, str],
    *,
    rises: bool = False,
    dots: bool = False,
) -> str:
    """A chart from 0 to 1 both ways.

    Args:
        title: Its title.
        note: What stands beside that.
        lines: The points by name; a line without a name has none below the chart.
        axes: What lies along both.
        rises: Whether to draw the diagonal.
        dots: Whether to mark the points.
    """
    if not any(lines.values()):
        return ""
    parts = list(_frame(axes, rises))
    for index, points in enumerate(lines.values()):
        places = [(_x(x), _y(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="s{index}" points="{path}"/>')
        if dots:
            parts += [
                f'<circle class="dot s{index}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places
            ]
    size = f"0 0 {LEFT + SIDE + 12} {TOP + SIDE + BOTTOM}"
    names = "".join(
        f'<span class="key s{index}">{escape(name)}</span> '
        for index, name in enumerate(lines)
        if name and len(lines) > 1
    )
    return (
        f'<figure><figcaption>{escape(title)} <span class="soft">{escape(note)}</span></figcaption>'
        f'<svg viewBox="{size}" role="img" class="chart">{"".join(parts)}</svg>'
        f'<div class="keys">{names}</div></figure>'
    )


def _x(value: float) -> float:
    return LEFT + value * SIDE


def _y(value: float) -> float:
    return TOP + (1 - value) * SIDE


def _frame(axes: tuple[str, str], rises: bool) -> Iterable[str]:
    across, up = (escape(axis) for axis in axes)
    for mark in (0, 0.25, 0.5, 0.75, 1):
        x, y = _x(mark), _y(mark)
        yield f'<line x1="{_x(0):.1f}" x2="{_x(1):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>'
        yield f'<text x="{x:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{mark:g}</text>'
    if rises:
        ends = f'x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"'
        yield f'<line {ends} stroke-dasharray="4 4"/>'
    yield f'<text x="{_x(0.5):.1f}" y="{_y(0) + 33:.1f}" text-anchor="middle">{across}</text>'
    place = f'transform="translate(14 {_y(0.5):.1f}) rotate(-90)" text-anchor="middle"'
    yield f"<text {place}>{up}</text>"
