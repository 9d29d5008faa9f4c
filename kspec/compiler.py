"""The whole compiler on one screen.

text -> syntax tree -> IR -> pass, pass, pass -> Python text
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from kspec.data.paths import resolve
from kspec.diagnostics import Diagnostic, Source, SpecError
from kspec.diagnostics.errors import FileMissing, FileUnreadable
from kspec.elaborate import Program, elaborate
from kspec.files import Stamp, stamp
from kspec.ir import Module
from kspec.syntax import parse
from kspec.syntax.tree import Expr

STD: Final = "std/"


@dataclass(frozen=True)
class Compiled:
    """A spec on its whole way: every stage is kept, each is made when it is asked for.

    Attributes:
        source: The spec's text and name.
        program: What elaboration made of it.
        imports: The files that it imports, by their paths from its folder.
    """

    source: Source
    program: Program
    imports: tuple[tuple[str, Source], ...] = ()

    @cached_property
    def stages(self) -> Mapping[str, Module]:
        """The IR after elaboration and after each pass, by the pass's name."""
        from kspec.passes import stages

        return dict(stages(self.program.module))

    @cached_property
    def module(self) -> Module:
        """The IR after the last pass."""
        return list(self.stages.values())[-1]

    @cached_property
    def python(self) -> str:
        """The generated file."""
        from kspec.codegen.module import generate

        return generate(self.module, self.source.name)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is odd but no mistake."""
        return self.program.warnings


def compile_source(
    source: Source,
    overrides: Mapping[str, Expr] | None = None,
    imports: Imports | None = None,
    train: str | None = None,
) -> Compiled:
    """Compile a text.

    Args:
        source: The text.
        overrides: Values for params and settings.
        imports: Reads what it imports; without it, that can be `std/` only.
        train: The train block that the program is for; the first one by default.

    Raises:
        SpecError: With every mistake that was found.
    """
    imports = imports or Imports(None)
    program = elaborate(parse(source), overrides, imports.load, train)
    return Compiled(source, program, tuple(imports.files.items()))


class Imports:
    """Reads what specs import: files of their folder, and the library that ships with kspec.

    Args:
        folder: The spec's folder; None for a text that has none.

    Attributes:
        files: The texts that were read, by their paths from the spec's folder.
        asked: The files of that folder that were asked for, with their stamps before that.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.files: dict[str, Source] = {}
        self.asked: dict[Path, Stamp] = {}

    def load(self, path: str, importer: Source) -> Source:
        """The text at a path, from the importer's folder. Raises SpecError."""
        if not path.startswith(STD):
            near = next((key for key, each in self.files.items() if each is importer), "")
            path = (PurePosixPath(near).parent / path).as_posix()
        if path not in self.files:
            self.files[path] = self._read(path)
        return self.files[path]

    def _read(self, path: str) -> Source:
        if path.startswith(STD):
            folder = Path(__file__).parent
            return read_source(resolve(folder, path), path)
        if self.folder is None:
            raise SpecError((FileMissing(span=None, path=path),))
        self.asked[self.folder / path] = stamp(self.folder / path)
        return read_source(resolve(self.folder, path), (self.folder / path).as_posix())


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
