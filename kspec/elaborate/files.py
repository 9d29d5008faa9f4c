"""The declarations of a spec and of what it imports, bound to names."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from kspec.diagnostics import Source, Span, SpecError
from kspec.diagnostics.errors import (
    DuplicateName,
    FileMissing,
    ImportCycle,
    UnknownDtype,
    WrongType,
)
from kspec.elaborate.arguments import Mismatch
from kspec.elaborate.data import Data, elaborate_data
from kspec.elaborate.expressions import Env
from kspec.elaborate.externs import declare
from kspec.elaborate.models import Elaborator
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import BROKEN, Binding, Place, Scope
from kspec.elaborate.signatures import describe_type
from kspec.elaborate.values import BlockValue, Extern, Meaning, describe
from kspec.scripts import Script
from kspec.syntax import parse, tree
from kspec.syntax.tree import ExternDecl, ImportDecl, ParamDecl, Spec

PARAM_TYPES: Final = {"int": int, "float": float, "bool": bool, "str": str}
# Data blocks by name: None for one with a mistake, and where the file declares or imports it.
Blocks: TypeAlias = dict[str, tuple[Data | None, Span]]


class Reader(Protocol):
    """Reads files that specs name; paths start at the folder of the spec that names them."""

    def load(self, path: str, importer: Source) -> Source:
        """A spec. Raises SpecError."""
        ...

    def script(self, path: str, importer: Source) -> Script:
        """A Python file. Raises SpecError."""
        ...

    def lines(self, path: str, importer: Source) -> tuple[str, ...]:
        """The lines of a text file. Raises SpecError."""
        ...


class NoFiles(Reader):
    """For a text that has no folder."""

    def load(self, path: str, importer: Source) -> Source:
        """There is none."""
        raise SpecError((FileMissing(span=None, path=path),))

    def script(self, path: str, importer: Source) -> Script:
        """There is none."""
        raise SpecError((FileMissing(span=None, path=path),))

    def lines(self, path: str, importer: Source) -> tuple[str, ...]:
        """There are none."""
        raise SpecError((FileMissing(span=None, path=path),))


class Files:
    """Binds the declarations of a file, and of the files that it imports.

    Attributes:
        data: All data blocks that the main file sees; None for one with a mistake.
        externs: The functions of Python files that these files declare.
    """

    def __init__(self, elaborator: Elaborator, reader: Reader) -> None:
        self.elaborator = elaborator
        self.reporter = elaborator.reporter
        self.unique = elaborator.body.unique
        self.reader = reader
        elaborator.arguments.lines = reader.lines
        self.externs: list[Extern] = []
        self.data: dict[str, Data | None] = {}
        self._scopes: dict[Source, Scope] = {}
        self._data: dict[Source, Blocks] = {}
        self._open: list[Source] = []

    def bind(self, spec: Spec, scope: Scope) -> None:
        """Bind what the main file declares and imports."""
        self.data = {name: data for name, (data, _) in self._bind(spec, scope).items()}

    def _bind(self, spec: Spec, scope: Scope) -> Blocks:
        self._open.append(spec.source)
        data: Blocks = {}
        for declaration in spec.declarations:
            try:
                self._declare(declaration, spec.source, scope, data)
            except Failed:
                continue
        for declaration in spec.declarations:  # when all names are known
            if isinstance(declaration, tree.ExternDecl):
                self._extern(declaration, spec.source, scope)
        for declaration in spec.declarations:
            if isinstance(declaration, tree.DataDecl):
                self._add_data(declaration, scope, data)
        self._open.pop()
        self._data[spec.source] = data
        return data

    def _declare(
        self,
        declaration: tree.Declaration,
        source: Source,
        scope: Scope,
        data: Blocks,
    ) -> None:
        match declaration:
            case tree.ImportDecl():
                self._import(declaration, source, scope, data)
            case tree.ModelDecl():
                self.unique(declaration.name, declaration.name_span, scope)
                block = BlockValue(declaration, (), declaration.name_span, scope)
                kind = "block" if declaration.is_block else "model"
                scope.bind(declaration.name, block, declaration.name_span, kind)
            case tree.ParamDecl():
                self.unique(declaration.name, declaration.name_span, scope)
                self._param(declaration, scope)
            case tree.DataDecl() | tree.TrainDecl() | tree.ExternDecl():
                pass

    def _add_data(self, declaration: tree.DataDecl, scope: Scope, data: Blocks) -> None:
        name, span = declaration.name, declaration.name_span
        try:
            self.unique(name, span, scope)
            self._unique_block(name, span, data)
            data[name] = (elaborate_data(self.elaborator, declaration, scope), span)
        except Failed:
            data.setdefault(name, (None, span))

    def _unique_block(self, name: str, span: Span, data: Blocks) -> None:
        if name in data:
            self.reporter.fail(DuplicateName.of(span, "data block", name, data[name][1]))

    def _import(self, decl: ImportDecl, importer: Source, scope: Scope, data: Blocks) -> None:
        """Bind the blocks, models and data of another file."""
        source = self._read(decl, importer)
        if source in self._open:
            chain = " -> ".join(
                each.name for each in (*self._open[self._open.index(source) :], source)
            )
            self.reporter.fail(ImportCycle(span=decl.path_span, path=decl.path, chain=chain))
        if source not in self._scopes:
            with self.reporter.frame(decl.span, "imported here"):
                spec = self._parse(source)
                self._scopes[source] = Scope()
                self._bind(spec, self._scopes[source])
        binding = Binding(None, decl.path_span, decl.path, "import")
        scope.ledger.append(binding)  # used if any of its names is: they have its span
        for name, found in self._scopes[source].names.items():
            meaning = found.meaning
            if not isinstance(meaning, BlockValue) or meaning.home is not self._scopes[source]:
                continue
            self.unique(name, decl.path_span, scope)
            scope.bind(name, replace(meaning, span=decl.path_span), decl.path_span, "import")
        for name, found in self._data[source].items():
            self._unique_block(name, decl.path_span, data)
            data[name] = (found[0], decl.path_span)
            binding.used = True

    def _read(self, decl: ImportDecl, importer: Source) -> Source:
        self.reporter.spend(1, decl.span)
        try:
            return self.reader.load(decl.path, importer)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                span = diagnostic.span or decl.path_span
                self.reporter.report(diagnostic.replace(span=span))
            self.reporter.names_missing = True
            raise Failed from None

    def _parse(self, source: Source) -> Spec:
        try:
            return parse(source)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.reporter.report(diagnostic)
            self.reporter.names_missing = True
            raise Failed from None

    def _extern(self, decl: ExternDecl, source: Source, scope: Scope) -> None:
        try:
            self.unique(decl.name, decl.name_span, scope)
            extern = declare(decl, source, scope, self.elaborator, self.reader)
        except Failed:
            scope.names.setdefault(decl.name, Binding(BROKEN, decl.name_span))
            return
        scope.bind(decl.name, extern, decl.name_span, "extern")
        self.externs.append(extern)

    def _param(self, declaration: ParamDecl, scope: Scope) -> None:
        try:
            value = self._value(declaration, scope)
        except Failed:
            value = BROKEN
        scope.bind(declaration.name, value, declaration.name_span, "param")

    def _value(self, declaration: ParamDecl, scope: Scope) -> Meaning:
        """`param width : int = 512`, with the type checked."""
        if declaration.type not in PARAM_TYPES:
            self.reporter.fail(
                UnknownDtype.of(declaration.type_span, declaration.type, tuple(PARAM_TYPES))
            )
        span = declaration.default.span
        value = self.elaborator.evaluator.evaluate(declaration.default, Env(scope, Place()))
        wanted = PARAM_TYPES[declaration.type]
        try:
            self.elaborator.arguments.coerce(value, wanted, span)
        except Mismatch:
            self.reporter.fail(
                WrongType(
                    span=span,
                    name=declaration.name,
                    wanted=describe_type(wanted),
                    got=describe(value),
                )
            )
        return value
