"""Every value of a spec and where it comes from: `kspec show --resolved`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kspec.compiler import Compiled
from kspec.diagnostics import Span
from kspec.elaborate.signatures import spell
from kspec.syntax import tree
from kspec.syntax.printer import print_expr


@dataclass(frozen=True, slots=True)
class Origin:
    """One value.

    Attributes:
        owner: What it belongs to: `param`, `train`, `dense at net.kspec:4:17`.
        name: The setting or argument.
        value: As a spec writes it.
        place: Where it is written; None for a default.
    """

    owner: str
    name: str
    value: str
    place: Span | None

    @property
    def origin(self) -> str:
        """`net.kspec:4:23`, `--set width`, or `default`."""
        return "default" if self.place is None else where(self.place)

    def as_record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "owner": self.owner,
            "name": self.name,
            "value": self.value,
            "origin": self.origin,
        }


def where(span: Span) -> str:
    """A place in a few characters."""
    name = span.source.name
    return name if name.startswith("--set") else f"{name}:{span.line}:{span.column}"


def origins(compiled: Compiled) -> tuple[Origin, ...]:
    """Params, settings, and the arguments of every call, in the order of the text."""
    program = compiled.program
    found: list[Origin] = []
    for declaration in program.spec.declarations:
        if isinstance(declaration, tree.ParamDecl):
            default = declaration.default
            found.append(Origin("param", declaration.name, print_expr(default), default.span))
        elif isinstance(declaration, tree.TrainDecl):
            found += _train(declaration)
    for choice in sorted(program.choices, key=lambda c: c.call.start):
        owner = f"{choice.kind} {choice.callee} at {where(choice.call)}"
        found.append(Origin(owner, choice.name, spell(choice.value), choice.written))
    return tuple(found)


def _train(train: tree.TrainDecl) -> Iterable[Origin]:
    """The settings; one that the resolver wrote has the place of the whole block."""
    for setting in train.settings:
        written = setting.span != train.span
        place = setting.value.span if written else None
        yield Origin("train", setting.key, print_expr(setting.value), place)
    for phase in train.items:
        if isinstance(phase, tree.Phase):
            for setting in phase.settings:
                owner, value = f"phase {phase.name}", print_expr(setting.value)
                yield Origin(owner, setting.key, value, setting.value.span)


def as_lines(found: Iterable[Origin]) -> list[str]:
    """A block for each owner, values and origins in columns."""
    lines: list[str] = []
    owners: dict[str, list[Origin]] = {}
    for each in found:
        owners.setdefault(each.owner, []).append(each)
    for owner, values in owners.items():
        lines.append(("" if not lines else "\n") + owner)
        wide = max(len(f"{v.name} = {v.value}") for v in values)
        wide = min(wide, 60)
        lines += [f"  {f'{v.name} = {v.value}':<{wide}}  # {v.origin}" for v in values]
    return lines
