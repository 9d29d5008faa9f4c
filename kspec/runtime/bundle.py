"""A compiled program, as runs take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kspec.data.declaration import Places
from kspec.diagnostics import Source
from kspec.plan import Plan


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled program: the text that runs, and its plan.

    Attributes:
        python: The generated file.
        plan: Interface and training.
        folder: Where the paths of its data start.
        files: What else was compiled, by file name: the spec, the IR, copies of Python files.
        allow_extern: Whether functions of Python files may run.
    """

    python: str
    plan: Plan
    folder: Path
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    allow_extern: bool = False

    @property
    def source(self) -> Source:
        """The spec, for messages."""
        name = (self.folder / self.plan.spec).as_posix()
        return Source(name, self.files.get("spec.kspec", ""))

    @property
    def places(self) -> Places:
        """Where the spec declares its data, for messages."""
        return self.plan.places(self.source)
