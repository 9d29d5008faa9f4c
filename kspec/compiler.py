"""The whole compiler on one screen.

text -> syntax tree -> IR -> pass, pass, pass -> Python text
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kspec.codegen.module import generate
from kspec.diagnostics import Diagnostic, Source, SpecError
from kspec.diagnostics.errors import FileMissing, FileUnreadable
from kspec.elaborate import Program, elaborate
from kspec.ir import Module
from kspec.passes import stages
from kspec.syntax import parse
from kspec.syntax.tree import Expr


@dataclass(frozen=True)
class Compiled:
    """A spec on its whole way: every stage is kept, each is made when it is asked for.

    Attributes:
        source: The spec's text and name.
        program: What elaboration made of it.
    """

    source: Source
    program: Program

    @cached_property
    def stages(self) -> Mapping[str, Module]:
        """The IR after elaboration and after each pass, by the pass's name."""
        return dict(stages(self.program.module))

    @cached_property
    def module(self) -> Module:
        """The IR after the last pass."""
        return list(self.stages.values())[-1]

    @cached_property
    def python(self) -> str:
        """The generated file."""
        return generate(self.module, self.source.name)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is odd but no mistake."""
        return self.program.warnings


def compile_source(source: Source, overrides: Mapping[str, Expr] | None = None) -> Compiled:
    """Compile a text. Raises SpecError with every mistake that was found."""
    return Compiled(source, elaborate(parse(source), overrides))


def read_source(path: Path, name: str | None = None) -> Source:
    """Read a spec. `name` is what messages call it; the path as given by default.

    Raises:
        SpecError: The file is missing, unreadable, or no UTF-8.
    """
    shown = name or path.as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise SpecError((FileMissing(span=None, path=shown),)) from None
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),)) from None
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),)) from None
    return Source(shown, text.replace("\r\n", "\n").replace("\r", "\n"))
