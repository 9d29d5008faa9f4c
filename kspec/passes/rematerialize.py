"""Compute the rounds of loops again in the backward pass, where a step needs too much memory.

Training keeps for the backward pass what each round of a loop computes. Where the estimate
of a step is above the setting `memory`, loops are marked, the one that keeps most first, until
it fits: such a loop keeps what goes from round to round, and computes the rest again, round by
round. That is one more forward pass of it. Without the setting, or where a step fits as it is,
nothing changes.

Before:
    train batch=64 seed=0 shuffle=true memory=400000000
    func train(...) {
      %x = scan(...) carries=1 length=none recompute=false reverse=false unroll=false : ...
    }

After:
    func train(...) {
      %x = scan(...) carries=1 length=none recompute=true reverse=false unroll=false : ...
    }
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kspec.estimate.sizes import Sizes, in_words
from kspec.estimate.step import Estimate, estimate_of, needs_of
from kspec.ir import Module, Op, Phase
from kspec.passes.remarks import done, refused

LEAST_GAIN: Final = 0.01  # of what a step takes, below which computing again is no gain


def rematerialize(module: Module) -> Module:
    """Mark loops in the training function of each phase that takes too much."""
    train = module.train
    if train is None or not train.memory:
        return module
    for phase in train.phases:
        module = _fitted(module, phase, train.share, train.memory)
    return module


def _fitted(module: Module, phase: Phase, batch: int, limit: int) -> Module:
    name = phase.named("train")
    before = now = estimate_of(module, phase, batch)
    kept = needs_of(module, phase, Sizes(batch)).by_op
    loops = [op for op in module.func(name).ops if op.name == "scan" and kept.get(op)]
    for op in sorted(loops, key=lambda op: -kept[op]):
        if now.total <= limit:
            break
        tried = _marked(module, name, op)
        then = estimate_of(tried, phase, batch)
        if then.total < (1 - LEAST_GAIN) * now.total:
            done(name, _gain(now, then), op.span)
            module, now = tried, then
    if before.total > limit and now is before:
        text = f"a step needs {in_words(before.total)} of {in_words(limit)}, and has no loop"
        refused(name, f"{text} whose rounds keep much")
    return module


def _marked(module: Module, name: str, loop: Op) -> Module:
    """The module with one loop computed again."""
    again = replace(loop, attrs={**loop.attrs, "recompute": True})
    func = module.func(name)
    new = func.with_ops(again if op is loop else op for op in func.ops)
    return module.map_funcs(lambda each: new if each is func else each)


def _gain(before: Estimate, after: Estimate) -> str:
    now, then = in_words(before.total), in_words(after.total)
    return f"rounds of a loop are computed again: a step needs {then} instead of {now}"
