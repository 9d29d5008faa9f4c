"""What the compiler made of a spec, pass by pass, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kspec.diagnostics import Span
from kspec.ir import Func, Module, Op
from kspec.passes import Stage


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a pass did, or left and why.

    Attributes:
        funcs: The functions of the IR that it is true of.
        text: In words.
        span: The place in the spec that it is about.
        refused: Whether it was left as it was.
    """

    funcs: tuple[str, ...]
    text: str
    span: Span | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A pass and what it has to say; nothing where it changed nothing."""

    name: str
    lines: tuple[Line, ...]


def steps(stages: Mapping[str, Stage]) -> list[Step]:
    """What each pass did."""
    found: list[Step] = []
    before: Module | None = None
    for stage in stages.values():
        if before is not None:
            found.append(Step(stage.name, tuple(_merged(_lines(before, stage)))))
        before = stage.module
    return found


def _lines(before: Module, stage: Stage) -> Iterator[Line]:
    """The remarks of a pass; without one that it did something, what became of the ops."""
    for remark in stage.remarks:
        yield Line((remark.func,), remark.text, remark.span, remark.refused)
    if any(not remark.refused for remark in stage.remarks):
        return
    old = {func.name: _count(func) for func in before.funcs}
    new = {func.name: _count(func) for func in stage.module.funcs}
    for name, count in new.items():
        if name not in old:
            yield Line((name,), f"is new: {_ops(count)}")
        elif old[name] != count:
            yield Line((name,), f"{_ops(old[name])} became {count}")
        elif changed := _changed(before.func(name), stage.module.func(name)):
            yield Line((name,), f"{_ops(changed)} changed")
    for name in old.keys() - new.keys():
        yield Line((name,), f"is gone: {_ops(old[name])}")


def _merged(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines that say the same of several functions as one."""
    together: dict[tuple[str, Span | None, bool], list[str]] = {}
    for line in lines:
        together.setdefault((line.text, line.span, line.refused), []).extend(line.funcs)
    for (text, span, refused), funcs in together.items():
        yield Line(tuple(dict.fromkeys(funcs)), text, span, refused)


def _count(func: Func) -> int:
    return sum(1 for _ in func.walk())


def _ops(count: int) -> str:
    return f"{count} op{'' if count == 1 else 's'}"


def _changed(old: Func, new: Func) -> int:
    """How many ops of a function are others now."""
    pairs = zip(old.walk(), new.walk(), strict=True)
    return sum(_facts(before) != _facts(after) for before, after in pairs)


def _facts(op: Op) -> tuple[object, ...]:
    return (op.name, op.attrs, *(value.name for value in (*op.args, *op.results)))


def as_lines(found: list[Step]) -> Iterator[str]:
    """For people: a paragraph a pass, then those that had nothing to do."""
    for step in found:
        if step.lines:
            yield step.name
            for line in step.lines:
                mark = "not: " if line.refused else ""
                place = f"  ({_place(line.span)})" if line.span else ""
                yield f"  {', '.join(line.funcs)}: {mark}{line.text}{place}"
    idle = [step.name for step in found if not step.lines]
    if idle:
        yield f"nothing to do: {', '.join(idle)}"


def as_records(found: list[Step]) -> list[dict[str, Any]]:
    """For programs: one record a line."""
    return [
        {
            "pass": step.name,
            "functions": list(line.funcs),
            "refused": line.refused,
            "text": line.text,
            "place": _place(line.span) if line.span else None,
        }
        for step in found
        for line in step.lines
    ]


def as_json(found: list[Step]) -> str:
    """The text of `passes.json`: the records, and the passes that had nothing to do."""
    idle = [step.name for step in found if not step.lines]
    return json.dumps({"steps": as_records(found), "idle": idle}, indent=2) + "\n"


def _place(span: Span) -> str:
    return f"{PurePosixPath(span.source.name).name}:{span.line}"
