"""Case files: several small cases, input beside output.

=== what the case shows
input
---
output
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One case of a file."""

    file: Path
    title: str
    given: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file.stem}: {self.title}"


def read_cases(file: Path) -> list[Case]:
    """All cases of a file."""
    cases: list[Case] = []
    for part in file.read_text(encoding="utf-8").split("=== ")[1:]:
        title, _, rest = part.partition("\n")
        given, _, expected = rest.partition("\n---\n")
        cases.append(Case(file, title.strip(), given.strip() + "\n", expected.strip() + "\n"))
    return cases


def write_case(case: Case, output: str) -> None:
    """Rewrite one case's output in its file."""
    parts = []
    for each in read_cases(case.file):
        expected = output if each.title == case.title else each.expected
        parts.append(f"=== {each.title}\n{each.given}---\n{expected.strip()}\n")
    case.file.write_text("\n".join(parts), encoding="utf-8")
