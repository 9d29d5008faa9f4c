"""What changed in meaning from one spec to another: `kspec diff`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kspec.elaborate import Program
from kspec.ir import CONVOLUTIONS, Func, Op, Shape
from kspec.passes.rewrite import live_ops
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
    readers = (_interface, _weights, _ops, _settings, _totals)
    return tuple(change for read in readers for change in _changes(read(before), read(after)))


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


def _weights(program: Program) -> dict[str, str]:
    return {
        f"weight {weight.path}": f"{weight.value.type} = {weight.init.name}"
        for weight in program.module.weights
    }


def _ops(program: Program) -> dict[str, str]:
    """How many ops of each kind the graph has, with their attributes."""
    counts: dict[str, int] = {}
    for op in program.module.func("graph").ops:
        if op.name == "constant":
            continue
        attrs = ", ".join(f"{name}={value}" for name, value in op.attrs.items())
        key = f"op {op.name}({attrs})"
        counts[key] = counts.get(key, 0) + 1
    return {key: str(count) for key, count in counts.items()}


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


def flops(func: Func) -> int:
    """Floating-point operations of the products that a graph's outputs need, for one example.

    A product of tensors or a convolution counts 2 for each multiplication and addition; all
    else is left out. Axes without a fixed size count as 1.
    """
    outputs = (value for name, value in func.returns if name.startswith("output."))
    return sum(_flops(op) for op in live_ops(func.ops, outputs))


def _flops(op: Op) -> int:
    if op.body is not None:
        axis = op.attrs["axis"] if op.name == "map" else 0
        rounds = op.args[-1].type.shape[axis] if isinstance(axis, int) else 1
        inside = sum(_flops(inner) for inner in op.body.ops)
        return inside * (rounds if isinstance(rounds, int) else 1)
    if op.name == "einsum":
        return 2 * math.prod(_einsum_sizes(op).values())
    if op.name != "matmul" and op.name not in CONVOLUTIONS:
        return 0
    x, kernel = op.args
    # A transposed convolution multiplies each element that goes in, the others sum for
    # each that comes out.
    each = x if op.name == "conv_transpose" else op.result
    inner = x.type.shape[-1:] if op.name == "matmul" else kernel.type.shape[:-1]
    return 2 * _known(each.type.shape) * _known(inner)


def _known(shape: Shape) -> int:
    return math.prod(axis for axis in shape if isinstance(axis, int))


def _einsum_sizes(op: Op) -> dict[str, int]:
    """The size of each letter, and of each axis that dots stand for."""
    left, _, _ = str(op.attrs["equation"]).partition("->")
    sizes: dict[str, int] = {}
    for term, value in zip(left.split(","), op.args, strict=True):
        before, dots, after = term.partition("...")
        free = value.type.rank - len(before) - len(after) if dots else 0
        letters = [*before, *(f"...{place}" for place in range(free, 0, -1)), *after]
        for letter, size in zip(letters, value.type.shape, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), size if isinstance(size, int) else 1)
    return sizes


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
