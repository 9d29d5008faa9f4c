"""The functions of one phase of training: what it learns, its loss, its optimizer, its step."""

from __future__ import annotations

from kspec.codegen import layout
from kspec.codegen.file import File, inputs, sums, unpack
from kspec.codegen.optimizers import averages, held_rates, holds_rates, loss_scale, optimizer
from kspec.codegen.steps import Rates, evaluation, trunk_step, updates
from kspec.ir import Func, Phase


def splits(file: File, phase: Phase) -> bool:
    """Whether some weights with a gradient are frozen, so that they go separate ways."""
    return any(weight.path in phase.frozen for weight in file.learned)


def train_function(file: File, phase: Phase) -> str:
    """`train(params, stats, batch, mask, key)`, or with `frozen` behind `params`."""
    func = file.module.func(phase.named("train"))
    fields, fixed = inputs(func)
    kept = {
        w.value: layout.subscript("frozen", file.stacks.home(w.path))
        for w in file.learned
        if w.path in phase.frozen
    }
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


def evaluate_function(file: File, func: Func, name: str) -> str:
    """`evaluate(params, stats, batch, mask)`, or the same of what a trunk gives."""
    fields, fixed = inputs(func)
    body = file.body(func, fixed)
    return "\n".join(
        [
            f"def {name}(params, stats, batch, mask):",
            '    """What a batch adds to the sums of the loss and the metrics."""',
            *unpack(body, fields),
            *body.lines(),
            *layout.dictionary(layout.nest(sums(body, func)), 1, "return "),
        ]
    )


def trunk_functions(file: File, phase: Phase) -> list[str]:
    """What runs once for each example before a phase, and the evaluation of the rest."""
    funcs = {func.name: func for func in file.module.funcs}
    trunk, tail = funcs.get(phase.named("trunk")), funcs.get(phase.named("eval_tail"))
    parts: list[str] = []
    if trunk is not None:
        parts.append(_trunk(file, phase, trunk))
    if tail is not None:
        parts.append(evaluate_function(file, tail, phase.named("evaluate_tail")))
    return parts


def _trunk(file: File, phase: Phase, func: Func) -> str:
    fields, fixed = inputs(func)
    body = file.body(func, fixed)
    given = {name.removeprefix("trunk."): body.expr(value) for name, value in func.returns}
    return "\n".join(
        [
            f"def {phase.named('trunk')}(params, stats, batch):",
            f'    """What {_called(phase)} leaves as it is makes of a batch."""',
            *unpack(body, fields),
            *body.lines(),
            *layout.dictionary(given, 1, "return "),
        ]
    )


def phase_functions(file: File, number: int) -> list[str]:
    """What a phase has beside its `train`: in the order in which a file needs it."""
    phase = file.phases[number]
    parts: list[str] = []
    if splits(file, phase):
        file.helper("merge")
        parts.append(_split(file, phase))
    parts.append("\n".join(_optimizer(file, phase)))
    if number > 0:
        parts.append(_enter(file, phase))
    limits = [f for f in file.module.funcs if f.name == phase.named("constrain")]
    parts += [_constrain(file, phase, func) for func in limits]
    factor = loss_scale(phase)
    if factor is not None:
        file.helper("scale_loss")
    count = file.module.train.accumulate if file.module.train else 1
    if count > 1:
        file.helper("accumulated")
    rates = Rates(holds_rates(file), bool(held_rates(file, phase)))
    parts.append(updates(phase, splits(file, phase), bool(limits), factor, count, rates))
    names = {func.name for func in file.module.funcs}
    if phase.named("trunk") in names:
        parts.append(trunk_step(phase.named("trunk"), phase.named("trunk_step")))
    if phase.named("eval_tail") in names:
        words = ("evaluate_tail", "eval_tail_step", "eval_tail_steps")
        parts.append(evaluation(*map(phase.named, words)))
    found = averages(file, phase)
    if found:
        parts.append(_finalize(file, phase, found))
    return parts


def _optimizer(file: File, phase: Phase) -> list[str]:
    """`optimizer`, or where the state has its rates, the function that makes it of them."""
    name = phase.named("optimizer")
    if not held_rates(file, phase):
        return layout.assign(name, optimizer(file, phase), 0)
    return [
        f"def {name}(rates):",
        '    """The optimizer at its present learning rates, which the run may lower."""',
        *layout.statement("return ", optimizer(file, phase), 1),
    ]


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
            *layout.dictionary(layout.nest(file.stacks.homes(learned)), 1, "return "),
        ]
    )


def learned_of(file: File, phase: Phase) -> str:
    """The expression of what the phase learns, out of `params`."""
    return f"{phase.named('split')}(params)[0]" if splits(file, phase) else "params"


def _split(file: File, phase: Phase) -> str:
    labels = file.stacks.homes({w.path: str(w.path in phase.frozen) for w in file.learned})
    trees: dict[str, dict[str, str]] = {"False": {}, "True": {}}
    for path, label in layout.collapse(labels).items():
        trees[label][path] = layout.subscript("params", path)
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


def _enter(file: File, phase: Phase) -> str:
    rates = held_rates(file, phase)
    called = phase.named("optimizer") + ("(rates)" if rates else "")
    fresh = f"{called}.init({_learned_state(file, phase)})"
    if phase.carries:
        fresh = f'{file.helper("carry")}(state["optimizer"], {fresh})'
        text = "what was learned before keeps its moments"
    else:
        text = "with a fresh optimizer"
    new = ', "rates": rates' if rates else ', "rates": {}' if holds_rates(file) else ""
    return "\n".join(
        [
            f"def {phase.named('enter')}(state):",
            f'    """The state as {_called(phase)} begins: {text}."""',
            *_entered_rates(phase, rates),
            *layout.assign("moments", fresh, 1),
            f'    return {{**state, "optimizer": moments{new}}}',
        ]
    )


def _entered_rates(phase: Phase, rates: dict[str, str]) -> list[str]:
    """The lines that say which learning rates a phase begins with."""
    if not rates:
        return []
    if not phase.carries:
        return layout.dictionary(rates, 1, "rates = ")
    if not phase.groups:
        return ['    rates = state["rates"]']
    return [*layout.dictionary(rates, 1, "fresh = "), '    rates = {**fresh, **state["rates"]}']


def _finalize(file: File, phase: Phase, found: list[str]) -> str:
    overwrite = file.helper("overwrite_weights")
    params = 'state["params"]'
    lines = [
        f"def {phase.named('finalize')}(state):",
        f'    """The state as {_called(phase)} ends: averages in the places of the weights."""',
    ]
    for average in found:
        expr = f'{overwrite}({params}, state["optimizer"]{average})'
        lines += layout.assign("params", expr, 1)
        params = "params"
    return "\n".join([*lines, '    return {**state, "params": params}'])


def _learned_state(file: File, phase: Phase) -> str:
    params = 'state["params"]'
    return f"{phase.named('split')}({params})[0]" if splits(file, phase) else params
