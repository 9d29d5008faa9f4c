"""Specs in parts, so that they can be drawn, printed, and made smaller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.oracle.cases import Case, Field


@dataclass(frozen=True)
class Line:
    """A statement of the model that binds a name.

    Attributes:
        name: The name; empty for a statement that binds none.
        operands: The names that it takes, for the places in its text.
        text: What it says: `{0} -> relu`.
        head: What stands before the name: `share`, `output`.
    """

    name: str
    operands: tuple[str, ...]
    text: str
    head: str = ""

    def __str__(self) -> str:
        bound = f"{self.head} {self.name} = ".lstrip() if self.name else ""
        return f"  {bound}{self.text.format(*self.operands)}"


@dataclass(frozen=True)
class Draft:
    """A spec that is not printed yet.

    Attributes:
        label: What it is for.
        inputs: The fields that the model takes.
        labels: The other fields.
        lines: The statements of the model.
        settings: Those of `train`, in their order, without model and data.
    """

    label: str
    inputs: Mapping[str, Field]
    labels: Mapping[str, Field]
    lines: tuple[Line, ...]
    settings: tuple[str, ...] = field(default=())

    def case(self) -> Case:
        """The spec."""
        fields = {**self.inputs, **self.labels}
        declared = "".join(f"  {name} : {each.type}\n" for name, each in fields.items())
        inputs = "".join(f"  input {name} : {each.type}\n" for name, each in self.inputs.items())
        body = "\n".join(map(str, self.lines))
        settings = "".join(f"  {line}\n" for line in self.settings)
        text = (
            f"data d {{\n  source = arrays()\n  split = {{ train: 100% }}\n{declared}}}\n\n"
            f"model Net {{\n{inputs}{body}\n}}\n\n"
            f"train {{\n  model = Net\n  data = d\n{settings}}}\n"
        )
        return Case(text, fields, self.label)

    def smaller(self) -> Iterator[Draft]:
        """Drafts with one statement or setting less; not all of them are valid."""
        for place, line in enumerate(self.lines):
            rest = (*self.lines[:place], *self.lines[place + 1 :])
            if line.head == "output":
                continue
            for other in line.operands[:1] or ("",):
                moved = tuple(_renamed(each, line.name, other) for each in rest)
                yield replace(self, lines=moved)
        for place in range(len(self.settings)):
            yield replace(self, settings=(*self.settings[:place], *self.settings[place + 1 :]))


def _renamed(line: Line, old: str, new: str) -> Line:
    """A statement that takes another value."""
    if not old or not new:
        return line
    return replace(line, operands=tuple(new if each == old else each for each in line.operands))
