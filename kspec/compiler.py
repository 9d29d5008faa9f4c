"""The whole compiler on one screen.

text -> syntax tree -> IR -> pass, pass, pass -> Python text
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from kspec import scripts
from kspec.data.paths import resolve
from kspec.diagnostics import Diagnostic, Source, SpecError
from kspec.diagnostics.errors import DoesNotFit, FileMissing, FileUnreadable
from kspec.elaborate import Program, elaborate, listing
from kspec.elaborate.files import Reader
from kspec.files import Stamp, stamp
from kspec.ir import Module, TrainSettings
from kspec.scripts import Script
from kspec.sources import read_source
from kspec.syntax import parse
from kspec.syntax.tree import Expr

if TYPE_CHECKING:
    from kspec.passes import Stage
    from kspec.tuned import Table

STD: Final = "std/"


@dataclass(frozen=True)
class Compiled:
    """A spec on its whole way: every stage is kept, each is made when it is asked for.

    Attributes:
        source: The spec's text and name.
        program: What elaboration made of it.
        imports: The files that it imports, by their paths from its folder.
        odd: What is odd beside the spec.
    """

    source: Source
    program: Program
    imports: tuple[tuple[str, Source], ...] = ()
    odd: tuple[Diagnostic, ...] = ()

    @cached_property
    def stages(self) -> Mapping[str, Stage]:
        """The IR after elaboration and after each pass, by the pass's name."""
        from kspec.passes import stages

        return {stage.name: stage for stage in stages(self.program.module)}

    @cached_property
    def module(self) -> Module:
        """The IR after the last pass."""
        return list(self.stages.values())[-1].module

    @cached_property
    def python(self) -> str:
        """The generated file."""
        from kspec.codegen.module import generate

        return generate(self.module, self.source.name)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is odd but no mistake."""
        return (*self.program.warnings, *self.odd)


def compile_source(
    source: Source,
    overrides: Mapping[str, Expr] | None = None,
    imports: Imports | None = None,
    train: str | None = None,
    tuned: Table | None = None,
) -> Compiled:
    """Compile a text.

    Args:
        source: The text.
        overrides: Values for params and settings.
        imports: Reads what it imports; without it, that can be `std/` only.
        train: The train block that the program is for; the first one by default.
        tuned: What was measured on this machine.

    Raises:
        SpecError: With every mistake that was found.
    """
    imports = imports or Imports(None)
    program = elaborate(parse(source), overrides, imports, train)
    if tuned is not None and tuned.choices:
        from kspec.passes import optimize
        from kspec.passes.choices import with_choices

        program = program.replace(module=with_choices(program.module, tuned.choices, optimize))
    odd = tuned.warnings if tuned else ()
    compiled = Compiled(source, program, tuple(imports.files.items()), odd)
    if program.module.train is not None and program.module.train.memory:
        _check_memory(compiled, program.module.train)
    return compiled


def _check_memory(compiled: Compiled, train: TrainSettings) -> None:
    """Raises SpecError where a step takes more than the spec grants, by the estimate."""
    from kspec.estimate.sizes import in_words
    from kspec.estimate.step import estimates, in_parts, largest_batch

    limit = train.memory
    worst = max(estimates(compiled.module), key=lambda each: each.total)
    if worst.total <= limit:
        return
    span = compiled.program.data.sources["memory"] if compiled.program.data else None
    batch = largest_batch(compiled.module, limit) * train.devices
    needed = in_words(worst.total)
    raise SpecError((DoesNotFit.of(span, needed, in_words(limit), in_parts(worst), batch),))


class Imports(Reader):
    """Reads what specs name: files of their folder, and the library that ships with kspec.

    Args:
        folder: The spec's folder; None for a text that has none.

    Attributes:
        files: The texts that were read, by their paths from the spec's folder.
        scripts: The Python files that were read, by their paths from there.
        asked: The files of that folder that were asked for, with their stamps before that.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.files: dict[str, Source] = {}
        self.scripts: dict[str, Script] = {}
        self.asked: dict[Path, Stamp] = {}

    def load(self, path: str, importer: Source) -> Source:
        """The text at a path, from the importer's folder. Raises SpecError."""
        if not path.startswith(STD):
            path = self._from_spec(path, importer)
        if path not in self.files:
            self.files[path] = self._read(path)
        return self.files[path]

    def script(self, path: str, importer: Source) -> Script:
        """The Python file at a path, from the importer's folder. Raises SpecError."""
        path = self._from_spec(path, importer)
        if path not in self.scripts:
            self.scripts[path] = self._script(path)
        return self.scripts[path]

    def _script(self, path: str) -> Script:
        if self.folder is None:
            raise SpecError((FileMissing(span=None, path=path),))
        self.asked[self.folder / path] = stamp(self.folder / path)
        file = resolve(self.folder, path)
        try:
            with file.open("rb") as opened:
                text = scripts.decoded(opened.read(scripts.LARGEST + 1))
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            raise SpecError((FileUnreadable(span=None, path=path, reason=reason),)) from None
        except scripts.NotPython as error:
            raise SpecError((FileUnreadable(span=None, path=path, reason=str(error)),)) from None
        return Script(path, text, (self.folder, file.parent))

    def lines(self, path: str, importer: Source) -> tuple[str, ...]:
        """The lines of the text file at a path, from the importer's folder. Raises SpecError."""
        path = self._from_spec(path, importer)
        if self.folder is None:
            raise SpecError((FileMissing(span=None, path=path),))
        self.asked[self.folder / path] = stamp(self.folder / path)
        return listing.read_lines(resolve(self.folder, path), path)

    def _from_spec(self, path: str, importer: Source) -> str:
        """A path from the importer's folder as one from the spec's folder."""
        near = next((key for key, each in self.files.items() if each is importer), "")
        return (PurePosixPath(near).parent / path).as_posix()

    def _read(self, path: str) -> Source:
        if path.startswith(STD):
            folder = Path(__file__).parent
            return read_source(resolve(folder, path), path)
        if self.folder is None:
            raise SpecError((FileMissing(span=None, path=path),))
        self.asked[self.folder / path] = stamp(self.folder / path)
        return read_source(resolve(self.folder, path), (self.folder / path).as_posix())
