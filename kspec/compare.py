"""What changed in meaning from one spec to another: `kspec diff`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kspec.elaborate import Program
from kspec.flops import flops
from kspec.ir import Op, Part, show_attr
from kspec.ir.uses import live_ops
from kspec.syntax import tree
from kspec.syntax.printer import print_expr


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: `added`, `removed` or `changed`.
        what: What it is about: `weight dense.kernel`, `train.batch`.
        before: As it was; empty where there was nothing.
        after: As it is; empty where there is nothing.
    """

    kind: str
    what: str
    before: str = ""
    after: str = ""


def compare(before: Program, after: Program) -> tuple[Change, ...]:
    """All differences in meaning; comments, names of values and layout are none."""
    pairs = zip(_facts(before), _facts(after), strict=True)
    return tuple(change for old, new in pairs for change in _changes(old, new))


def facts(program: Program) -> dict[str, str]:
    """All that two programs can differ in, by what it is about."""
    return {what: text for part in _facts(program) for what, text in part.items()}


def _facts(program: Program) -> tuple[dict[str, str], ...]:
    readers = (_interface, _externs, _layers, _ops, _weights, _settings, _totals)
    return tuple(read(program) for read in readers)


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Change]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Change("removed", name, before=old[name])
        elif name not in old:
            yield Change("added", name, after=new[name])
        elif old[name] != new[name]:
            yield Change("changed", name, old[name], new[name])


def _interface(program: Program) -> dict[str, str]:
    inputs = {f"input {name}": str(type) for name, type in program.inputs.items()}
    return inputs | {f"output {name}": str(type) for name, type in program.outputs.items()}


def _externs(program: Program) -> dict[str, str]:
    return {
        f"extern {each.script.path}:{each.name}": f"{each.type}, sha256 {each.script.sha256}"
        for each in program.externs
    }


def _weights(program: Program) -> dict[str, str]:
    return {
        f"weight {weight.path}": f"{weight.value.type} = {weight.init.name}"
        for weight in program.module.weights
    }


def _layers(program: Program) -> dict[str, str]:
    """The layers that outputs need: those with weights by their path, of others how many.

    A layer is shown with the arguments that are not its defaults.
    """
    paths = {weight.value: weight.path for weight in program.module.weights}
    own: dict[Part, str] = {}
    for op in _needed(program):
        for part in program.parts.get(op.results[0], ()):
            if part.text is not None:
                path = next((paths[value] for value in op.uses if value in paths), "")
                own[part] = own.get(part) or path.rpartition(".")[0]
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for part, path in own.items():
        text = part.text() if part.text else ""
        if path:
            found[f"layer {path}"] = text
        else:
            counts[f"layer {text}"] = counts.get(f"layer {text}", 0) + 1
    return found | {key: _times(count) for key, count in counts.items()}


def _ops(program: Program) -> dict[str, str]:
    """How many ops of each kind the outputs need beside layers, with their attributes."""
    counts: dict[str, int] = {}
    for op in _needed(program):
        parts = program.parts.get(op.results[0], ())
        if op.name == "constant" or any(part.text for part in parts):
            continue
        attrs = ", ".join(f"{name}={show_attr(value)}" for name, value in op.attrs.items())
        key = f"op {op.name}({attrs})"
        counts[key] = counts.get(key, 0) + 1
    return {key: _times(count) for key, count in counts.items()}


def _needed(program: Program) -> list[Op]:
    """The ops of the outputs; losses and metrics are settings."""
    func = program.module.func("graph")
    outputs = (value for name, value in func.returns if name.startswith("output."))
    return live_ops(func.ops, outputs)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _settings(program: Program) -> dict[str, str]:
    settings: dict[str, str] = {}
    for declaration in program.spec.declarations:
        match declaration:
            case tree.TrainDecl():
                settings |= _items(declaration.name, declaration.items)
                continue
            case tree.DataDecl():
                owner = f"data {declaration.name}"
                for field in declaration.fields:
                    settings[f"{owner}.{field.name}"] = field.type.span.text
                for line in declaration.augments:
                    key = f"{owner}.augment {', '.join(line.names)}"
                    before = f"{settings[key]}; " if key in settings else ""
                    settings[key] = before + print_expr(line.value)
            case tree.ParamDecl():
                settings[f"param {declaration.name}"] = print_expr(declaration.default)
                continue
            case _:
                continue
        for setting in declaration.settings:
            settings[f"{owner}.{setting.key}"] = print_expr(setting.value)
    return settings


def _items(owner: str, items: Iterable[tree.TrainItem]) -> dict[str, str]:
    """The settings of a train block, those of its phases and sections with their names."""
    found: dict[str, str] = {}
    for item in items:
        match item:
            case tree.Setting():
                found[f"{owner}.{item.key}"] = print_expr(item.value)
            case tree.Group():
                found[f"{owner}.{item.key} {item.selector.span.text}"] = print_expr(item.value)
            case tree.Section():
                found |= _items(f"{owner}.{item.name}", item.settings)
            case tree.Phase():
                found |= _items(f"{owner}.{item.name}", item.items)
            case tree.Freeze():
                word = "freeze" if item.frozen else "unfreeze"
                found[f"{owner}: {word} {item.selector.span.text}"] = "yes"
            case tree.Load():
                found[f"{owner}: load {item.selector.span.text}"] = item.path
    return found


def _totals(program: Program) -> dict[str, str]:
    weights = sum(weight.size for weight in program.module.weights)
    return {
        "weights in total": f"{weights:,}",
        "FLOPs an example in predict": f"{flops(program.module.func('graph')):,}",
    }


def as_text(changes: Iterable[Change]) -> str:
    """One line a change: `+ added`, `- removed`, `~ changed: before -> after`."""
    lines: list[str] = []
    for change in changes:
        match change.kind:
            case "added":
                lines.append(f"+ {change.what}: {change.after}")
            case "removed":
                lines.append(f"- {change.what}: {change.before}")
            case _:
                lines.append(f"~ {change.what}: {change.before} -> {change.after}")
    return "\n".join(lines)
