"""The functions of one phase of training: what it learns, its loss, its optimizer, its step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kspec.codegen import layout
from kspec.codegen.file import File, inputs, subscript, sums, unpack
from kspec.codegen.steps import updates
from kspec.ir import Call, Func, Phase
from kspec.optimizers.base import Optimizer
from kspec.registry import make


def splits(file: File, phase: Phase) -> bool:
    """Whether some weights with a gradient are frozen, so that they go separate ways."""
    return any(weight.path in phase.frozen for weight in file.learned)


def train_function(file: File, phase: Phase) -> str:
    """`train(params, stats, batch, mask, key)`, or with `frozen` behind `params`."""
    func = file.module.func(phase.named("train"))
    fields, fixed = inputs(func)
    kept = {w.value: subscript("frozen", w.path) for w in file.learned if w.path in phase.frozen}
    body = file.body(func, fixed, {**file.weights, **kept})
    changed = {
        name.removeprefix("update."): body.expr(value)
        for name, value in func.returns
        if name.startswith("update.")
    }
    frozen = "frozen, " if splits(file, phase) else ""
    lines = [
        f"def {phase.named('train')}(params, {frozen}stats, batch, mask, key):",
        '    """The mean loss of a batch, what its metrics add up, and the new statistics.',
        "",
        "    `mask` is 1 for the batch's examples and 0 for rows that only fill it up.",
        '    """',
        *unpack(body, fields),
        *body.lines(),
        *layout.dictionary(layout.nest(sums(body, func)), 1, "sums = "),
    ]
    if changed:
        new = {w.path: changed.get(w.path, file.weights[w.value]) for w in file.fixed}
        lines += layout.dictionary(layout.nest(new), 1, "stats = ")
    lines += [f"    return {body.expr(func.result('loss'))}, (sums, stats)"]
    return "\n".join(lines)


def phase_functions(file: File, number: int) -> list[str]:
    """What a phase has beside its `train`: in the order in which a file needs it."""
    phase = file.phases[number]
    parts: list[str] = []
    if splits(file, phase):
        file.helper("merge")
        parts.append(_split(file, phase))
    name = phase.named("optimizer")
    parts.append("\n".join(layout.assign(name, _optimizer(file, phase), 0)))
    if number > 0:
        parts.append(_enter(file, phase))
    limits = [f for f in file.module.funcs if f.name == phase.named("constrain")]
    parts += [_constrain(file, phase, func) for func in limits]
    return [*parts, updates(phase, splits(file, phase), bool(limits))]


def _constrain(file: File, phase: Phase, func: Func) -> str:
    """`constrain(params)`: what is learned, after an update, with its constraints met."""
    body = file.body(func, {})
    limited = dict(func.returns)
    learned = {
        w.path: body.expr(limited[w.path]) if w.path in limited else file.weights[w.value]
        for w in file.learned
        if w.path not in phase.frozen
    }
    return "\n".join(
        [
            f"def {phase.named('constrain')}(params):",
            '    """The weights after an update, brought back to what their constraints allow."""',
            *body.lines(),
            *layout.dictionary(layout.nest(learned), 1, "return "),
        ]
    )


def learned_of(file: File, phase: Phase) -> str:
    """The expression of what the phase learns, out of `params`."""
    return f"{phase.named('split')}(params)[0]" if splits(file, phase) else "params"


def _split(file: File, phase: Phase) -> str:
    labels = {w.path: str(w.path in phase.frozen) for w in file.learned}
    trees: dict[str, dict[str, str]] = {"False": {}, "True": {}}
    for path, label in _collapsed(labels).items():
        trees[label][path] = subscript("params", path)
    lines = [
        f"def {phase.named('split')}(params):",
        f'    """What {_called(phase)} learns, and what it leaves as it is."""',
        *layout.dictionary(layout.nest(trees["False"]), 1, "learned = "),
        *layout.dictionary(layout.nest(trees["True"]), 1, "frozen = "),
        "    return learned, frozen",
    ]
    return "\n".join(lines)


def _called(phase: Phase) -> str:
    return f"phase `{phase.name}`" if phase.name else "training"


def _optimizer(file: File, phase: Phase) -> str:
    """The expression of the optimizer; one of several where parts have their own."""
    if not phase.groups:
        return _emit(file, phase.optimizer)
    learned = [w.path for w in file.learned if w.path not in phase.frozen]
    labels = dict.fromkeys(learned, "others")
    optimizers = {"others": phase.optimizer}
    for number, (call, paths) in enumerate(phase.groups, 1):
        optimizers[f"group_{number}"] = call
        labels |= dict.fromkeys(paths, f"group_{number}")
    used = set(labels.values())
    rules = ", ".join(
        f'"{label}": {_emit(file, call)}' for label, call in optimizers.items() if label in used
    )
    tree = layout.inline(layout.nest({k: f'"{v}"' for k, v in _collapsed(labels).items()}))
    return f"optax.partition({{{rules}}}, {tree})"


def _emit(file: File, call: Call) -> str:
    return cast("Optimizer", make("optimizer", call)).emit(file)


def _enter(file: File, phase: Phase) -> str:
    fresh = f"{phase.named('optimizer')}.init({_learned_state(file, phase)})"
    if phase.carries:
        fresh = f'{file.helper("carry")}(state["optimizer"], {fresh})'
        text = "what was learned before keeps its moments"
    else:
        text = "with a fresh optimizer"
    return "\n".join(
        [
            f"def {phase.named('enter')}(state):",
            f'    """The state as {_called(phase)} begins: {text}."""',
            *layout.assign("moments", fresh, 1),
            '    return {**state, "optimizer": moments}',
        ]
    )


def _learned_state(file: File, phase: Phase) -> str:
    params = 'state["params"]'
    return f"{phase.named('split')}({params})[0]" if splits(file, phase) else params


def _collapsed(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of whole parts where all weights of a part have the same one.

    `{"a.x": "1", "a.y": "1", "b.x": "2", "b.y": "1"}` is `{"a": "1", "b.x": "2", "b.y": "1"}`.
    """
    below: dict[str, set[str]] = {}
    for path, label in labels.items():
        for head in _heads(path):
            below.setdefault(head, set()).add(label)
    return {
        next(head for head in _heads(path) if len(below[head]) == 1): label
        for path, label in labels.items()
    }


def _heads(path: str) -> list[str]:
    """`a.b.kernel`: `a`, `a.b`, `a.b.kernel`."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
