"""What a spec takes, part by part and phase by phase: `kspec plan`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from kspec.compiler import Compiled
from kspec.estimate.sizes import Sizes, count_in_words, in_words
from kspec.estimate.step import Estimate, estimates, needs_of
from kspec.graph.model import text_of
from kspec.ir import flops_of
from kspec.ir.uses import live_ops

WIDEST: Final = 46  # the title of a part
# After this pass functions are those of the modes, and still op by op as the author wrote them.
AS_WRITTEN: Final = "eliminate_common_ops"
LOSS: Final = "loss and metrics"
ROWS: Final = (
    ("weights", "weights"),
    ("optimizer's state", "optimizer"),
    ("statistics", "statistics"),
    ("batch", "batch"),
    ("at its peak: kept for backward", "kept"),
    ("at its peak: gradients", "gradients"),
    ("at its peak: work", "work"),
    ("in total", "total"),
)


@dataclass(slots=True)
class Row:
    """A layer, block or loop of the model, or what is behind it.

    Attributes:
        part: As the spec writes it.
        weights: How many numbers its weights are; of shared ones where they are used first.
        flops: Floating-point operations of its products for an example, forward.
        kept: Bytes that the backward pass keeps of it, by phase.
    """

    part: str
    weights: int
    flops: int
    kept: dict[str, int]


@dataclass(frozen=True, slots=True)
class Resources:
    """All that `kspec plan` shows.

    Attributes:
        model: The model's name.
        rows: The parts in the order of the model.
        phases: The memory of each phase of training; none for a model alone.
    """

    model: str
    rows: tuple[Row, ...]
    phases: tuple[Estimate, ...]


def resources(compiled: Compiled, batch: int | None = None) -> Resources:
    """What a compiled spec takes.

    Args:
        compiled: The spec.
        batch: Examples in a batch; as many as the spec says by default.
    """
    module = compiled.module
    train = module.train
    size = batch or (train.share if train else 1)
    return Resources(module.name, tuple(_rows(compiled, size)), estimates(module, batch))


def _rows(compiled: Compiled, batch: int) -> Iterable[Row]:
    """The parts, with what is kept of each in each phase."""
    program, module = compiled.program, compiled.stages[AS_WRITTEN].module
    graph = program.module.func("graph")
    model = live_ops(graph.ops, (v for name, v in graph.returns if name.startswith("output.")))
    weights = {weight.value: weight.size for weight in program.module.weights}
    rows: list[Row] = []
    homes: dict[str, Row] = {}  # of the results' names, which passes keep
    last: object = None
    for op in model:
        parts = program.parts.get(op.results[0], ())
        box = parts[0] if parts else op.span
        if not rows or box is not last:
            rows.append(Row(text_of(parts[0].span if parts else op.span) or op.name, 0, 0, {}))
        last = box
        row = rows[-1]
        row.weights += sum(weights.pop(value, 0) for value in op.uses)
        row.flops += flops_of(op)
        homes.update((value.name, row) for value in op.results)
    if module.train is not None:
        rest = Row(LOSS, 0, 0, {})
        for phase in module.train.phases:
            kept = needs_of(module, phase, Sizes(batch)).by_op
            for row in (*rows, rest):
                row.kept[phase.name] = 0
            for op, size in kept.items():
                homes.get(op.results[0].name, rest).kept[phase.name] += size
        rows.append(rest)
    return [row for row in rows if row.weights or row.flops or any(row.kept.values())]


def as_record(found: Resources) -> dict[str, Any]:
    """For programs: sizes in bytes."""
    return {
        "model": found.model,
        "parts": [asdict(row) for row in found.rows],
        "phases": [
            {**asdict(each), "state": each.state, "step": each.step, "total": each.total}
            for each in found.phases
        ],
    }


def as_text(found: Resources) -> str:
    """For people: a table of the parts, and one of the memory."""
    names = [each.phase for each in found.phases]
    kept = [f"kept in {name}" if name else "kept" for name in names]
    table = [("part", "weights", "FLOPs", *kept)]
    for row in found.rows:
        sizes = (in_words(row.kept[name]) for name in names)
        title = row.part if len(row.part) <= WIDEST else row.part[: WIDEST - 3] + "..."
        table.append((title, count_in_words(row.weights), count_in_words(row.flops), *sizes))
    count, work = (sum(getattr(row, key) for row in found.rows) for key in ("weights", "flops"))
    sums = (in_words(sum(row.kept[name] for row in found.rows)) for name in names)
    table.append(("all of it", count_in_words(count), count_in_words(work), *sums))
    paragraphs = [aligned(table)]
    if found.phases:
        paragraphs.append(aligned(_memory(found.phases)))
        first = found.phases[0]
        paragraphs.append(f"An example of the data is {in_words(first.example)}.")
    return "\n\n".join(paragraphs)


def _memory(phases: tuple[Estimate, ...]) -> list[tuple[str, ...]]:
    size = phases[0].batch_size
    head = f"memory, batches of {size}"
    table = [(head, *(each.phase or "training" for each in phases))]
    table += [(text, *(in_words(getattr(each, key)) for each in phases)) for text, key in ROWS]
    table.append(("FLOPs of a step", *(count_in_words(each.flops) for each in phases)))
    return table


def aligned(table: Iterable[tuple[str, ...]]) -> str:
    """Columns side by side: the first one begins on the left, the others end on the right."""
    rows = list(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
