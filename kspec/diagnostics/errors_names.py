"""E1: names that mean nothing, or two things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Label, Span
from kspec.diagnostics.hints import ELSEWHERE
from kspec.diagnostics.suggest import RENAMED, closest


class Suggesting(Diagnostic):
    """A mistake that a similar name explains."""

    suggestion: str | None = None

    def help_text(self) -> str:
        """The similar name, if there is one."""
        if self.suggestion is None:
            return super().help_text()
        given = self.facts().get("name", self.facts().get("key"))
        if RENAMED.get(str(given)) == self.suggestion:
            return f"it is called `{self.suggestion}` here"
        return f"there is a similar name: `{self.suggestion}`"


class UnknownName(Suggesting):
    """A name is neither bound in the spec nor in the vocabulary.

    Wrong: `x -> densse(10)`. Right: `x -> dense(10)`.
    """

    code: ClassVar[str] = "E101"
    title: ClassVar[str] = "no {kind} is called `{name}`"
    label: ClassVar[str] = "not a {kind}"

    kind: str
    name: str
    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, span: Span | None, kind: str, name: str, candidates: Iterable[str]) -> Self:
        """With the nearest candidate suggested; a few candidates are listed."""
        names = tuple(dict.fromkeys(candidates))
        return cls(
            span=span,
            kind=kind,
            name=name,
            suggestion=closest(name, names),
            known=names if len(names) <= 8 else (),
        )

    def label_text(self) -> str:
        """`not an activation`."""
        return f"not {'an' if self.kind[0] in 'aeio' else 'a'} {self.kind}"

    def help_text(self) -> str:
        """The similar name, or how such a name is declared."""
        if self.suggestion is None and self.kind in ("tensor", "value", "tensor or layer"):
            return f"if it is an input, declare it: `input {self.name} : f32[...]`"
        if self.suggestion is None and self.kind == "metric" and self.name.startswith("val_"):
            return "metrics are measured on the validation split, too: leave `val_` out"
        return super().help_text()

    def note_text(self) -> str:
        """All names, where they are few."""
        if not self.known:
            return ""
        return f"known here: {', '.join(f'`{name}`' for name in self.known)}"


class DuplicateName(Diagnostic):
    """Two things have the same name where one name must mean one thing."""

    code: ClassVar[str] = "E102"
    title: ClassVar[str] = "the {kind} `{name}` is there twice"
    label: ClassVar[str] = "again here"
    help: ClassVar[str] = "give one of them another name"

    kind: str
    name: str

    @classmethod
    def of(cls, span: Span, kind: str, name: str, first: Span) -> Self:
        """With the first one labelled."""
        labels = () if first == span else (Label(first, "first here"),)
        return cls(span=span, kind=kind, name=name, labels=labels)


class UnknownSetting(Suggesting):
    """A block has a setting that it does not know; nothing is ever ignored silently."""

    code: ClassVar[str] = "E103"
    title: ClassVar[str] = "`{block}` has no setting `{key}`"
    label: ClassVar[str] = "unknown setting"
    note: ClassVar[str] = "the settings are {settings}"

    block: str
    key: str
    settings: str

    @classmethod
    def of(cls, span: Span, block: str, key: str, known: Iterable[str]) -> Self:
        """With the nearest setting suggested."""
        names = tuple(known)
        shown = ", ".join(f"`{name}`" for name in names)
        return cls(span=span, block=block, key=key, settings=shown, suggestion=closest(key, names))

    def help_text(self) -> str:
        """The similar setting, or where else it belongs."""
        return super().help_text() or ELSEWHERE.get(self.key, "")


class MissingSetting(Diagnostic):
    """A block lacks a setting that has no default."""

    code: ClassVar[str] = "E104"
    title: ClassVar[str] = "`{block}` has no `{key}`"
    label: ClassVar[str] = "in this block"
    help: ClassVar[str] = "add a line `{key} = ...`"

    block: str
    key: str


class AmbiguousModel(Diagnostic):
    """Without a `train` block, a spec must have one model."""

    code: ClassVar[str] = "E105"
    title: ClassVar[str] = "which model is meant?"
    label: ClassVar[str] = "another model"
    note: ClassVar[str] = "models here: {models}"
    help: ClassVar[str] = "add a `train` block that names one, or make the others a `block`"

    models: str


class UnknownOverride(Suggesting):
    """`--set` names neither a `param` nor a setting of the train block."""

    code: ClassVar[str] = "E106"
    title: ClassVar[str] = "there is nothing called `{name}` to set"
    label: ClassVar[str] = "given here"
    help: ClassVar[str] = "add `param {name} : int = ...` to the spec, or set `train.<setting>`"

    name: str

    @classmethod
    def of(cls, span: Span, name: str, known: Iterable[str]) -> Self:
        """With the nearest name suggested."""
        return cls(span=span, name=name, suggestion=closest(name, known))


class ImportCycle(Diagnostic):
    """A file imports itself, directly or through others."""

    code: ClassVar[str] = "E107"
    title: ClassVar[str] = "`{path}` imports itself"
    label: ClassVar[str] = "imported again here"
    note: ClassVar[str] = "the imports are {chain}"
    help: ClassVar[str] = "move what both need into a third file"

    path: str
    chain: str


class BadTarget(Diagnostic):
    """An `extern` does not name a file and a function in it.

    Wrong: `extern "ops:swish"`. Right: `extern "ops.py:swish"`.
    """

    code: ClassVar[str] = "E112"
    title: ClassVar[str] = "`{target}` names no function of a Python file"
    label: ClassVar[str] = "{reason}"
    help: ClassVar[str] = 'write it so: `extern "ops.py:swish" : f32[..., D] -> f32[..., D]`'

    target: str
    reason: str


class NoSuchFunction(Suggesting):
    """The file that an `extern` names has no such function that can be taken from it.

    The function must stand in the file itself, in no class, `if` or other function, and its
    name must mean nothing else there.
    """

    code: ClassVar[str] = "E110"
    title: ClassVar[str] = "`{path}` has no function `{name}`"
    label: ClassVar[str] = "named here"
    note: ClassVar[str] = "{reason}"

    path: str
    name: str
    reason: str

    @classmethod
    def of(cls, span: Span, path: str, name: str, known: Iterable[str]) -> Self:
        """With the nearest function suggested, and all listed if they are few."""
        names = tuple(known)
        shown = ", ".join(f"`{each}`" for each in names[:8]) or "none"
        more = ", ..." if len(names) > 8 else ""
        reason = f"the functions at its top are {shown}{more}"
        return cls(span=span, path=path, name=name, reason=reason, suggestion=closest(name, names))


class LocalImport(Diagnostic):
    """A Python file of an `extern` imports another file of the spec's folder.

    It may import installed packages only: it is the one file that is shown, hashed and copied.
    """

    code: ClassVar[str] = "E111"
    title: ClassVar[str] = "`{path}` imports `{module}` in line {line}, which is no package"
    label: ClassVar[str] = "a function of this file"
    note: ClassVar[str] = "it is a file or folder beside `{path}`, or in the spec's folder"
    help: ClassVar[str] = "such a file may import installed packages only: put it all into one"

    path: str
    module: str
    line: int


class AmbiguousTraining(Diagnostic):
    """A spec has several train blocks, and none was named."""

    code: ClassVar[str] = "E108"
    title: ClassVar[str] = "which training is meant? there are {trains}"
    help: ClassVar[str] = 'name one: `--train {first}`, or `kspec.compile(..., train="{first}")`'

    trains: str
    first: str

    @classmethod
    def of(cls, trains: Iterable[str]) -> Self:
        """With all their names."""
        names = list(trains)
        return cls(span=None, trains=", ".join(f"`{name}`" for name in names), first=names[0])
