"""The functions of the host: `prepare` for each batch of inputs, and `learn` before training."""

from __future__ import annotations

from dataclasses import replace

from kspec.codegen import layout
from kspec.codegen.file import File, inputs, unpack
from kspec.codegen.functions import place_of
from kspec.codegen.names import safe
from kspec.codegen.ops import EMITTERS
from kspec.ir import OPS, Func, Op
from kspec.ir.uses import live_ops


def host_functions(file: File) -> list[str]:
    """Those that the program has."""
    written = {"prepare": _prepare, "learn": _learn}
    return [written[func.name](file, func) for func in file.module.funcs if func.name in written]


def _prepare(file: File, func: Func) -> str:
    fields, fixed = inputs(func)
    body = file.body(func, fixed)
    made = {name.removeprefix("prepared."): body.expr(value) for name, value in func.returns}
    return "\n".join(
        [
            "def prepare(stats, tables, batch):",
            '    """What the device takes in place of text: arrays by name, made on the host."""',
            *unpack(body, fields),
            *body.lines(),
            *layout.dictionary(made, 1, "return "),
        ]
    )


def _learn(file: File, func: Func) -> str:
    """`learn(stats, tables, batches)`: one function for what each layer sees, and its learning."""
    lines = [
        "def learn(stats, tables, batches):",
        '    """Set what layers learn from the training split, one after the other.',
        "",
        "    `batches()` goes through the split: each batch maps fields to arrays.",
        '    """',
    ]
    for op in func.ops:
        if OPS[op.name].stage == "learn":
            lines += ["", *_learner(file, func, op)]
    return "\n".join([*lines, "    return stats, tables"])


def _learner(file: File, func: Func, op: Op) -> list[str]:
    """What a layer sees of a batch, as a function, and what it learns of all."""
    seen, *others = op.args
    paths = {value: name.removeprefix("learn.") for name, value in func.returns}
    part = Func("seen", func.params, tuple(live_ops(func.ops, (seen,))), (("seen", seen),))
    used = {value for each in part.ops for value in each.uses} | {seen}
    part = replace(part, params=tuple(value for value in func.params if value in used))
    fields, fixed = inputs(part)
    body = file.body(part, fixed)
    name = safe(f"{paths[op.results[0]].replace('.', '_')}_of")
    own = {w.path: f'tables["{w.path}"]' for w in file.tables}
    targets = [own.get(paths[v]) or layout.subscript("stats", paths[v]) for v in op.results]
    streamed = f"({name}(batch) for batch in batches())"
    args = [streamed, *(file.weights[value] for value in others)]
    head = f"    # {place_of(op)}" if place_of(op) else ""
    return [
        f"    def {name}(batch):",
        *(f"    {line}" for line in unpack(body, fields)),
        *body.lines(2, comments=False),
        f"        return {body.expr(seen)}",
        "",
        *([head] if head else []),
        *layout.assign(", ".join(targets), EMITTERS[op.name](op, body, args), 1),
    ]
