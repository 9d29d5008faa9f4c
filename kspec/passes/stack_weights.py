"""Keep the weights that a loop goes through as one array in the state of training.

Else each step stacks the weights of all rounds and takes their gradients apart, and the
optimizer goes through many small arrays, all of which must be compiled, too. The state's
first values, and the paths that specs, files and reports see, are those of single rounds:
the program has two functions, `stack_weights` and `unstack_weights`, that go between them.

What does not see the same numbers in one array must be left as it is: optimizers that look at
whole weights, parts that are frozen or decay in some rounds only, penalties on single weights.

Before:
    %kernel = stack_rounds(@layer.kernel, @layer_1.kernel, ...) kept=false rounds=12 : f32[12,8,8]

After:
    %kernel = stack_rounds(@layer.kernel, @layer_1.kernel, ...) kept=true rounds=12 : f32[12,8,8]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from kspec.ir import Func, Module, Op, Phase, Rounds, Value, alike_layers, common_part, rounds_of
from kspec.optimizers.base import Optimizer
from kspec.passes.remarks import done, refused
from kspec.registry import make


def stack_weights(module: Module) -> Module:
    """Keep what may be kept so."""
    found: dict[tuple[Value, ...], str | None] = {}
    for func in module.funcs:
        for op in func.ops:
            if op.name == "stack_rounds":
                reason = found.setdefault(op.args, _why_not(module, op))
                _tell(func.name, op, reason)
    kept = {args for args, reason in found.items() if reason is None}
    return module.map_funcs(lambda func: func.with_ops(_marked(op, kept) for op in func.ops))


def _marked(op: Op, kept: set[tuple[Value, ...]]) -> Op:
    is_kept = op.name == "stack_rounds" and op.args in kept
    return replace(op, attrs={**op.attrs, "kept": True}) if is_kept else op


def _tell(func: str, op: Op, reason: str | None) -> None:
    rounds = rounds_of(op)
    first, last = (common_part(rounds[at]) or rounds[at][0] for at in (0, -1))
    ends = f"`{first}` to `{last}`"
    if reason is None:
        done(func, f"the state has the weights of {ends} in one array each", op.span)
    else:
        refused(func, f"each step stacks the weights of {ends}: {reason}", op.span)


def _why_not(module: Module, op: Op) -> str | None:
    """Why the state has weights by themselves; None where it may have them in one array."""
    rounds, own = rounds_of(op), set(op.args)
    weights = {weight.value: weight for weight in module.weights}
    if not all(value in weights and weights[value].trainable for value in own):
        return "some of them are statistics"
    if alike_layers(rounds, [weight.path for weight in module.weights]) is None:
        return "they are not all weights of their layers"
    for func in module.funcs:
        if not own.isdisjoint(_used_alone(func, op)):
            return f"`{func.name}` uses some of them outside of the loop"
    phases = module.train.phases if module.train else ()
    reasons = (_why_not_in(phase, rounds) for phase in phases)
    return next((reason for reason in reasons if reason), None)


def _used_alone(func: Func, stack: Op) -> Iterator[Value]:
    """What a function uses other than by this stack of weights."""
    yield from (value for _, value in func.returns)
    for op in func.walk():
        if op.name != "stack_rounds" or op.args != stack.args:
            yield from op.args
        if op.body is not None:
            yield from (value for _, value in op.body.returns)


def _why_not_in(phase: Phase, rounds: Rounds) -> str | None:
    """Why a phase needs the weights of rounds by themselves."""
    if len({tuple(path in phase.frozen for path in row) for row in rounds}) > 1:
        return "some rounds are frozen"
    owners = {path: call for call, paths in phase.groups for path in paths}
    for column in zip(*rounds, strict=True):
        if column[0] in phase.frozen:
            continue
        calls = [owners.get(path, phase.optimizer) for path in column]
        if any(call is not calls[0] for call in calls):
            return "rounds have optimizers of their own"
        reason = cast("Optimizer", make("optimizer", calls[0])).why_apart(column)
        if reason is not None:
            return reason
    return None
