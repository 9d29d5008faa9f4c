"""What happens before the device may not depend on what training changes, nor on chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kspec.ir import OPS, Builder, Op, Value

_STAGES: Final = ("host", "learn")


def changing(ops: Iterable[Op], builder: Builder, weights: Iterable[Value]) -> str | None:
    """Why the first of these ops that is for the host cannot be done before training, or None.

    Args:
        ops: Ops that were just written.
        builder: Knows what made their operands, and which weights are learned from data.
        weights: All weights.
    """
    hosted = [op for op in ops if OPS[op.name].stage in _STAGES]
    if not hosted:
        return None
    fixed = set(weights) - set(builder.learned)
    for op in hosted:
        reason = _changes(op, builder, fixed, OPS[op.name].stage)
        if reason is not None:
            return f"{reason}\nput it before layers that learn or that draw"
    return None


def padded(ops: Iterable[Op], masks: Iterable[Value | None], builder: Builder) -> str | None:
    """Why what is learned from data, by one of these ops, would be wrong for ragged operands."""
    if all(OPS[op.name].stage != "learn" for op in ops):
        return None
    makers = (builder.makers.get(mask) for mask in masks if mask is not None)
    if not any(maker is not None and maker.name == "length_mask" for maker in makers):
        return None
    reason = "it would learn from the padding of ragged data, too"
    return f"{reason}\ngive it what it would learn as arguments"


def _changes(op: Op, builder: Builder, fixed: set[Value], stage: str) -> str | None:
    """What of an op's operands is not the same in every step."""
    left, seen = list(op.args), set[Value]()
    while left:
        value = left.pop()
        if value in fixed and not value.type.is_hosted:
            return f"it works before training, which changes `{value.name}` that it depends on"
        maker = builder.makers.get(value)
        if value in seen or maker is None:
            continue
        seen.add(value)
        if maker.name == "where_training" and stage == "learn":  # it learns as in evaluation
            left.append(maker.args[1])
        elif OPS[maker.name].stage == "graph":
            return "it works before training, and what it gets is another thing in each step"
        else:
            left += maker.uses
    return None
