"""The report's sections on the compiler: plan against what was measured, and the passes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from kspec.estimate.sizes import count_in_words, in_words
from kspec.estimate.step import Estimate
from kspec.plan import Plan
from kspec.runtime.page import table_of
from kspec.runtime.run import Record


def cost(
    plan: Plan, planned: Sequence[Estimate], about: Mapping[str, Any], history: Sequence[Record]
) -> str:
    """The plan of each phase, and what its epochs took."""
    parts: list[str] = []
    for each in planned:
        own = [r for r in history if r.get("phase", "") == each.phase]
        rows = [*_memory(each, about.get("memory", {})), *_time(plan, each, about, own)]
        title = f"<h3>Phase {escape(each.phase)}</h3>" if each.phase else ""
        parts.append(title + table_of(["", "planned", "measured", ""], rows, texts=(3,)))
    return "\n".join(parts)


def _memory(each: Estimate, measured: Mapping[str, int]) -> Iterator[list[str]]:
    """The memory of a step by its parts; all of it was measured together, for all phases."""
    yield ["weights and statistics", in_words(each.weights + each.statistics), "", ""]
    yield ["optimizer's state", in_words(each.optimizer), "", ""]
    note = f"batches of {each.batch_size:,}"
    yield ["a step at its peak", in_words(each.step), "", note]
    notes = {
        "device": "of the device at its peak, with data and programs",
        "process": "of the process at its peak, with Python, JAX and compiling",
    }
    found = next((key for key in notes if key in measured), None)
    peak = in_words(measured[found]) if found else ""
    yield ["memory in all", in_words(each.total), peak, notes[found] if found else ""]


def _time(
    plan: Plan, each: Estimate, about: Mapping[str, Any], own: Sequence[Record]
) -> Iterator[list[str]]:
    """The work of an update, and what the epochs of a phase took."""
    work = each.flops * plan.devices
    yield ["FLOPs of an update", count_in_words(work), "", "of products"]
    if not own:
        return
    first, *others = (record["seconds"] for record in own)
    yield ["first epoch", "", f"{first:.2f} s", "with compiling and evaluation"]
    if not others or not (usual := statistics.median(others)):
        return
    note = f"the median of {len(others):,}, with evaluation"
    yield ["other epochs", "", f"{usual:.2f} s", note]
    examples = about.get("rows", {}).get("train")
    if examples:
        yield ["examples a second", "", f"{examples / usual:,.0f}", ""]
    steps = own[-1]["steps"] - own[-2]["steps"]
    yield [
        "FLOPs a second",
        "",
        count_in_words(round(work * steps / usual)),
        "those of the plan, over the other epochs",
    ]


def passes(found: Mapping[str, Any]) -> str:
    """What each pass did, what it left, and which had nothing to do."""
    names = [line["pass"] for line in found["steps"]]
    shown = [name if [name] != names[i - 1 : i] else "" for i, name in enumerate(names)]
    rows = "".join(
        f'<tr><td class="mono">{escape(name)}</td>'
        f"<td>{'<b>not</b>: ' if line['refused'] else ''}{escape(line['text'])}</td>"
        f'<td class="mono">{escape(", ".join(line["functions"]))}</td>'
        f'<td class="mono">{escape(line["place"] or "")}</td></tr>'
        for name, line in zip(shown, found["steps"], strict=True)
    )
    head = "<tr><th>pass</th><th>what it did</th><th>in</th><th>of</th></tr>"
    idle = escape(", ".join(found["idle"]))
    note = f'<p class="soft after">Nothing to do: {idle}.</p>' if idle else ""
    return f'<div class="scroll"><table>{head}{rows}</table></div>{note}'
