"""What XLA says of the memory and the work of a training step: `kspec plan --measure`.

On CPUs, XLA gives chains of convolutions to YNNPACK, whose buffers it does not count; for
them to be counted, the step is compiled with YNNPACK for single products only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from kspec.compiler import Compiled
from kspec.estimate.sizes import Sizes, count_in_words, in_words
from kspec.estimate.step import Estimate
from kspec.ir import JAX_DTYPES, KEY, Func
from kspec.plan_text import PYTHON
from kspec.resources import aligned
from kspec.runtime import compat
from kspec.runtime.executable import load_python, updates_of

COUNTED: Final = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What XLA says of the step of a phase.

    Attributes:
        phase: The phase's name.
        device: What it was compiled for.
        arguments: Bytes of the state and the batch.
        temporary: Bytes of all else that it needs at once.
        outputs: Bytes of the results.
        reused: Those of them that take the places of arguments.
        flops: Floating-point operations; those of one round of a loop.
    """

    phase: str
    device: str
    arguments: int
    temporary: int
    outputs: int
    reused: int
    flops: float

    @property
    def total(self) -> int:
        """The most bytes at once."""
        return self.arguments + self.temporary + self.outputs - self.reused


def measure(compiled: Compiled, batch: int | None = None) -> list[Measured]:
    """Compile the step of each phase; nothing is run."""
    module = compiled.module
    train = module.train
    if train is None:
        return []
    executable = load_python(compiled.python, PYTHON)
    state = compat.traced(executable.init, compat.key(0))
    size = (batch or train.share) * train.accumulate
    device = compat.device()
    options = COUNTED if device.platform == "cpu" else None
    found: list[Measured] = []
    for phase in train.phases:
        updates = updates_of(executable, phase.name)
        if hasattr(updates, "enter"):
            state = compat.traced(updates.enter, state)
        fields = _fields(module.func(phase.named("train")), size)
        mask = compat.shaped((size,), "float32")
        step = cast("Any", updates.train_step).lower(state, fields, mask).compile(options)
        memory, cost = step.memory_analysis(), step.cost_analysis()
        found.append(
            Measured(
                phase=phase.name,
                device=device.device_kind,
                arguments=memory.argument_size_in_bytes,
                temporary=memory.temp_size_in_bytes,
                outputs=memory.output_size_in_bytes,
                reused=memory.alias_size_in_bytes,
                flops=cost.get("flops", 0.0),
            )
        )
    return found


def _fields(func: Func, batch: int) -> dict[str, Any]:
    """The shapes of a batch's fields."""
    sizes = Sizes(batch)
    return {
        value.hint: compat.shaped(
            tuple(map(sizes.axis, value.type.shape)), JAX_DTYPES[value.type.dtype].rstrip("_")
        )
        for value in func.params
        if value.type.dtype != KEY and value.name != "mask"
    }


def as_records(measured: Iterable[Measured]) -> list[Mapping[str, Any]]:
    """For programs."""
    return [{**asdict(each), "total": each.total} for each in measured]


def as_text(measured: list[Measured], phases: Iterable[Estimate]) -> str:
    """For people: the estimate, what XLA says, and how far the first is off."""
    if not measured:
        return "There is no step to measure: the spec does not train."
    table = [(f"XLA on {measured[0].device}", "estimate", "XLA", "error")]
    for estimate, each in zip(phases, measured, strict=True):
        name = f"{each.phase}: " if each.phase else ""
        given = estimate.state + estimate.batch
        pairs = (
            ("arguments", given, each.arguments),
            ("temporary", estimate.total - given, each.temporary),
            ("in total", estimate.total, each.total),
        )
        for text, ours, theirs in pairs:
            row = (name + text, in_words(ours), in_words(theirs), _error(ours, theirs))
            table.append(row)
        ours, theirs = estimate.flops, int(each.flops)
        row = ("FLOPs", count_in_words(ours), count_in_words(theirs), _error(ours, theirs))
        table.append((name + row[0], *row[1:]))
    return aligned(table)


def _error(ours: float, theirs: float) -> str:
    return f"{100 * (ours / theirs - 1):+.1f} %" if theirs else ""
