"""The pairs as data, what kspec says to each, and the part of `docs/errors.md` that shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import kspec
from kspec.data.dataset import load
from kspec.diagnostics import Diagnostic, SpecError
from kspec.diagnostics.render import render
from kspec.runtime.oddities import oddities

FOLDER = Path(__file__).parent
PARTS = {
    "words": "Names and values",
    "shapes": "Shapes",
    "labels": "Labels, losses and metrics",
    "training": "Training",
    "data": "Data",
}
_FACT = re.compile(r"^# (\w+): (.+)$", re.MULTILINE)
_THREAD = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)")


@dataclass(frozen=True)
class Pair:
    """One mistake.

    Attributes:
        spec: The spec that has it.
        facts: What its first lines say: `title`, `part`, `reported`, `ludwig`, `note`.
    """

    spec: Path
    facts: dict[str, str]

    @property
    def code(self) -> str:
        """The code that kspec gives it."""
        return self.spec.name[:4]

    @property
    def program(self) -> Path:
        """The Keras program."""
        return self.spec.with_suffix(".py")

    @property
    def keras(self) -> Path:
        """What Keras said."""
        return self.spec.with_suffix(".txt")

    @property
    def ludwig(self) -> Path:
        """What Ludwig said, in the thread."""
        return self.spec.with_suffix(".ludwig.txt")

    def report(self) -> str:
        """What `kspec check` says, or `kspec run` where `check` finds nothing.

        The current folder must be that of the spec.
        """
        try:
            found = self._oddities()
        except SpecError as error:
            return error.render()
        return "\n\n".join(render(odd) for odd in found)

    def _oddities(self) -> tuple[Diagnostic, ...]:
        program = kspec.compile(self.spec.name)
        data = program.compiled.program.data
        if program.compiled.warnings or data is None:
            return program.compiled.warnings
        dataset = load(data.declaration, Path(), data.places)
        run = program.init()
        plan = run.bundle.plan
        steps = -(-len(dataset.splits["train"]) // plan.batch)
        found = oddities(plan, run.bundle.places, steps)
        if not found:
            run.fit(quiet=True)
        return found


def read(spec: Path) -> Pair:
    """A pair from its spec."""
    head = spec.read_text(encoding="utf-8").split("\n\n")[0]
    return Pair(spec, dict(_FACT.findall(head)))


PAIRS = [read(spec) for spec in sorted(FOLDER.glob("*.kspec"))]


def thread(address: str) -> str:
    """`[keras-team/keras 193](...)`: a link to a thread."""
    found = _THREAD.fullmatch(address)
    assert found is not None, address
    return f"[{found[1]} {found[2]}]({address})"


def section(reports: dict[str, str]) -> str:
    """The part of the page.

    Args:
        reports: What kspec says, by the names of the specs.
    """
    parts: list[str] = []
    for part, heading in PARTS.items():
        parts.append(f"### {heading}")
        parts += [_shown(p, reports[p.spec.name]) for p in PAIRS if p.facts["part"] == part]
    return "\n\n".join(parts) + "\n"


def _shown(pair: Pair, report: str) -> str:
    lines = [f"#### {pair.facts['title']}", ""]
    said = [f"Reported in {thread(pair.facts['reported'])}."] if "reported" in pair.facts else []
    lines += [" ".join([*said, pair.facts.get("note", "")]).strip() or None]
    blocks: list[tuple[str, str]] = []
    if pair.keras.is_file():
        blocks.append(("Keras says:", pair.keras.read_text(encoding="utf-8")))
    if pair.ludwig.is_file():
        where = f"Ludwig said, in {thread(pair.facts['ludwig'])}:"
        blocks.append((where, pair.ludwig.read_text(encoding="utf-8")))
    blocks.append(("kspec says:", report))
    for who, text in blocks:
        lines += ["", who, "", "```text", text.strip() or "(nothing)", "```"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line is not None))
