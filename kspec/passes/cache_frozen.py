"""Take what only depends on the data and on frozen weights out of the step: its trunk.

The trunk of a phase gives each example the same numbers in every epoch. It becomes a
function of its own, which runs once over the data before the phase; the step, and the
evaluation between its epochs, are left with the tail. Behind random augmentation there is no
trunk, since each epoch has other images; what mixes examples is no part of it either. It is
worth it where a phase has several epochs and the trunk is a good part of the step's work.

Before:
    func train_head(%image: f32[B,8], %label: i32[B], %mask: f32[B]) {
      %x = matmul(%image, @base.kernel) : f32[B,4]
      %y = matmul(%x, @head.kernel) : f32[B,3]
      ...
    }

After:
    func train_head(%label: i32[B], %x_of_trunk: f32[B,4], %mask: f32[B]) {
      %y = matmul(%x_of_trunk, @head.kernel) : f32[B,3]
      ...
    }
    func eval_tail_head(%label: i32[B], %x_of_trunk: f32[B,4], %mask: f32[B]) {
      ...
    }
    func trunk_head(%image: f32[B,8]) {
      %x = matmul(%image, @base.kernel) : f32[B,4]
      return trunk.x_of_trunk=%x
    }
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from kspec.ir import BATCH, KEY, Func, Module, Op, Phase, TensorType, Value, flops_of
from kspec.ir.uses import live_ops
from kspec.passes.batch_shared_calls import apart
from kspec.passes.isomorphism import signature
from kspec.passes.remarks import done, refused
from kspec.passes.rewrite import free_name, substituted, without_unused

FEWEST_EPOCHS: Final = 2
LEAST_SHARE: Final = 0.1  # of the step's work, below which keeping the trunk's results is no gain
LEAST_WORK: Final = 50  # floating-point operations for each byte that is kept
BACKWARD: Final = 3  # the work of an op that is differentiated, in that of its forward pass
ITEM_BYTES: Final = 4


def cache_frozen(module: Module) -> Module:
    """Give each phase that has one its trunk."""
    if module.train is None:
        return module
    funcs = {func.name: func for func in module.funcs}
    if any(phase.named("trunk") in funcs for phase in module.train.phases):
        return module
    for phase in module.train.phases:
        trunk = _trunk(module, phase)
        if trunk is None:
            continue
        name = phase.named("train")
        funcs[name] = _tail(funcs[name], trunk.features, name)
        funcs[phase.named("trunk")] = trunk.func
        found = _same(funcs["eval"], trunk)
        if found is not None:
            tail = phase.named("eval_tail")
            funcs[tail] = _tail(funcs["eval"], found, tail)
    return replace(module, funcs=tuple(funcs.values()))


@dataclass(frozen=True, slots=True)
class _Trunk:
    """The function, and the values of the step that it gives, with their names."""

    func: Func
    features: Mapping[Value, Value]


def _trunk(module: Module, phase: Phase) -> _Trunk | None:
    """The trunk of a phase; None where there is none, or it is not worth it."""
    func = module.func(phase.named("train"))
    moved = {name.removeprefix("update.") for name, _ in func.returns}
    still = {
        w.value
        for w in module.weights
        if w.path in phase.frozen or not (w.trainable or w.path in moved)
    }
    learned = {w.value for w in module.weights if w.trainable and w.value in still}
    kept, heavy = _fixed(func, still, learned)
    features = _crossing(func, kept, heavy)
    if not features:
        _say_why(func, learned)
        return None
    ops = live_ops(func.ops, features)
    reason = _why_not(func, ops, features, phase)
    if reason is not None:
        refused(func.name, reason, _maker(func, features[0]).span)
        return None
    names = {value.hint for value in func.params}
    params = {
        value: Value(free_name(f"{value.hint}_of_trunk", names), value.type) for value in features
    }
    returns = tuple((f"trunk.{param.name}", value) for value, param in params.items())
    trunk = without_unused(Func(phase.named("trunk"), func.params, tuple(ops), returns))
    size = sum(map(_bytes, features))
    text = f"{len(ops)} ops on frozen weights run once for each example, which keeps {size:,} bytes"
    done(func.name, text, _maker(func, features[0]).span)
    return _Trunk(trunk, params)


def _fixed(func: Func, still: set[Value], learned: set[Value]) -> tuple[set[Value], set[Value]]:
    """What is the same in every epoch, and what of that depends on frozen weights."""
    kept = {*still, *(p for p in func.params if p.type.dtype != KEY and p.name != "mask")}
    heavy: set[Value] = set(learned)
    for op in func.ops:
        same = kept.issuperset(op.uses) and (apart(op) or _batchless(op))
        if same:
            kept.update(op.results)
            if not heavy.isdisjoint(op.uses):
                heavy.update(op.results)
    return kept, heavy


def _batchless(op: Op) -> bool:
    """Whether it knows nothing of the batch, and draws nothing."""
    values = (*op.uses, *op.results)
    return not any(BATCH in v.type.shape or v.type.dtype == KEY for v in values)


def _crossing(func: Func, kept: set[Value], heavy: set[Value]) -> list[Value]:
    """What the trunk hands over: one value for each example each."""
    used: list[Value] = []
    for op in func.ops:
        if not kept.issuperset(op.results):
            used += op.uses
    used += [value for _, value in func.returns]
    crossing = [v for v in dict.fromkeys(used) if v in kept and v in heavy]
    return [v for v in crossing if v.type.shape[:1] == (BATCH,) and _is_known(v.type)]


def _is_known(type: TensorType) -> bool:
    return all(isinstance(size, int) for size in type.shape[1:])


def _why_not(func: Func, ops: list[Op], features: list[Value], phase: Phase) -> str | None:
    """Why a trunk is not worth it."""
    if any(value.type.bound is not None for value in func.params):
        return "its frozen part stays in the step: batches differ in length"
    if phase.epochs < FEWEST_EPOCHS:
        return "its frozen part is used in one epoch only: keeping its results gains nothing"
    work = sum(map(flops_of, ops))
    rest = BACKWARD * (sum(map(flops_of, func.ops)) - work)
    if work < LEAST_SHARE * (work + rest):
        share = work / max(work + rest, 1)
        return f"its frozen part is {share:.0%} of the step's work, too little to keep its results"
    if work < LEAST_WORK * sum(map(_bytes, features)):
        return "its frozen part is computed faster than its results are read"
    return None


def _say_why(func: Func, learned: set[Value]) -> None:
    """Where frozen weights meet something that is drawn anew in each epoch, say so."""
    drawn: set[Value] = {value for value in func.params if value.type.dtype == KEY}
    for op in func.ops:
        if not drawn.isdisjoint(op.uses):
            drawn.update(op.results)
            if not learned.isdisjoint(op.uses) and flops_of(op):
                text = "its frozen part stays in the step: it is behind random augmentation"
                refused(func.name, text, op.span)
                return


def _bytes(value: Value) -> int:
    """What an example's part of a value takes."""
    size = 2 if value.type.dtype in ("bf16", "f16") else ITEM_BYTES
    return size * math.prod(axis for axis in value.type.shape if isinstance(axis, int))


def _maker(func: Func, value: Value) -> Op:
    return next(op for op in func.ops if value in op.results)


def _tail(func: Func, features: Mapping[Value, Value], name: str) -> Func:
    """A function that takes what the trunk gives in place of what it is made of."""
    places = [n for n, v in enumerate(func.params) if v.name == "mask"]
    params = (*func.params[: places[0]], *features.values(), *func.params[places[0] :])
    returns = tuple((key, features.get(value, value)) for key, value in func.returns)
    ops = live_ops([substituted(op, features) for op in func.ops], (v for _, v in returns))
    tail = Func(name, params, tuple(ops), returns)
    return without_unused(tail, func.params[places[0] :])


def _same(func: Func, trunk: _Trunk) -> dict[Value, Value] | None:
    """The values of another function that are what the trunk gives; None if one is not there."""
    numbers: dict[Hashable, int] = {}
    keys = _keys(trunk.func, numbers)
    wanted = {keys[value]: param for value, param in trunk.features.items()}
    found = {v: wanted[key] for v, key in _keys(func, numbers).items() if key in wanted}
    return found if set(found.values()) == set(wanted.values()) else None


def _keys(func: Func, numbers: dict[Hashable, int]) -> dict[Value, int]:
    """A number for each value; values that are made in the same way have the same one."""
    keys: dict[Value, int] = {}

    def key(value: Value) -> int:
        if value not in keys:  # a weight or a field, of the same name in all functions
            keys[value] = numbers.setdefault((value.name, value.type), len(numbers))
        return keys[value]

    for op in func.ops:
        made = (signature(op), tuple(key(value) for value in op.uses))
        for place, value in enumerate(op.results):
            keys[value] = numbers.setdefault((made, place), len(numbers))
    return keys
