"""E5: files and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.suggest import closest


class FileMissing(Diagnostic):
    """A file is not where it should be. Paths in a spec start at the spec's folder."""

    code: ClassVar[str] = "E501"
    title: ClassVar[str] = "there is no file `{path}`"
    label: ClassVar[str] = "named here"
    help: ClassVar[str] = "check the name; a spec's paths start at the folder of the spec"

    path: str


class FileUnreadable(Diagnostic):
    """A file is there, but it is not what it should be."""

    code: ClassVar[str] = "E502"
    title: ClassVar[str] = "`{path}` cannot be read: {reason}"
    label: ClassVar[str] = "named here"

    path: str
    reason: str


class PathOutside(Diagnostic):
    """A spec may only read below its own folder."""

    code: ClassVar[str] = "E503"
    title: ClassVar[str] = "`{path}` is not below the folder of the spec"
    label: ClassVar[str] = "named here"
    help: ClassVar[str] = "copy or mount the file below the spec's folder"

    path: str


class FieldMissing(Suggesting):
    """The data has no column for a declared field."""

    code: ClassVar[str] = "E504"
    title: ClassVar[str] = "{origin} has nothing called `{field}`"
    label: ClassVar[str] = "declared here"
    note: ClassVar[str] = "it has {columns}"

    field: str
    origin: str
    columns: str

    @classmethod
    def of(cls, span: Span | None, field: str, origin: str, known: Iterable[str]) -> Self:
        """With the nearest column suggested."""
        names = tuple(known)
        shown = ", ".join(f"`{name}`" for name in names) or "nothing"
        near = closest(field, names)
        return cls(span=span, field=field, origin=origin, columns=shown, suggestion=near)


class FieldWrongType(Diagnostic):
    """A column has another element type or shape than its field says."""

    code: ClassVar[str] = "E505"
    title: ClassVar[str] = "`{field}` is {got} in the data, and the spec says {wanted}"
    label: ClassVar[str] = "declared as {wanted}"
    note: ClassVar[str] = "{origin}"

    field: str
    wanted: str
    got: str
    origin: str


class LabelOutOfRange(Diagnostic):
    """A label is no class number from 0 to one less than the number of classes."""

    code: ClassVar[str] = "E506"
    title: ClassVar[str] = "`{field}` is {value}, and its classes are 0 to {last}"
    label: ClassVar[str] = "declared with {classes} classes"
    note: ClassVar[str] = "{place}; {count} rows are like this"

    field: str
    value: int
    classes: int
    last: int
    place: str
    count: int

    def note_text(self) -> str:
        """The first such row, and how many there are."""
        more = f"; {self.count} rows are like this" if self.count > 1 else ""
        return f"{self.place}{more}"


class NotANumber(Diagnostic):
    """A value in the data is not finite."""

    code: ClassVar[str] = "E507"
    title: ClassVar[str] = "`{field}` has a value that is {value}"
    label: ClassVar[str] = "declared here"
    note: ClassVar[str] = "{place}"

    field: str
    value: str
    place: str


class BadCell(Diagnostic):
    """A cell of a text file is not of its field's type."""

    code: ClassVar[str] = "E508"
    title: ClassVar[str] = "{place}: `{value}` is not {wanted}"
    label: ClassVar[str] = "the field `{field}` is declared here"

    field: str
    value: str
    wanted: str
    place: str


class EmptyData(Diagnostic):
    """There are no rows."""

    code: ClassVar[str] = "E509"
    title: ClassVar[str] = "{origin} has no rows"
    label: ClassVar[str] = "named here"

    origin: str


class LengthMismatch(Diagnostic):
    """The columns of one source have different numbers of rows."""

    code: ClassVar[str] = "E510"
    title: ClassVar[str] = "the columns of {origin} have different lengths"
    label: ClassVar[str] = "named here"
    note: ClassVar[str] = "{lengths}"

    origin: str
    lengths: str


class SplitEmpty(Diagnostic):
    """A part of a split would have no rows."""

    code: ClassVar[str] = "E511"
    title: ClassVar[str] = "the part `{name}` of the split would have no rows"
    label: ClassVar[str] = "this part"
    note: ClassVar[str] = "the source has {rows} rows"
    help: ClassVar[str] = "give it a larger share, or leave it out"

    name: str
    rows: int


class ArraysNeeded(Diagnostic):
    """`source = arrays()` has no data of its own; Python gives it."""

    code: ClassVar[str] = "E512"
    title: ClassVar[str] = "the data of `arrays()` comes from Python"
    label: ClassVar[str] = "no file is named here"
    help: ClassVar[str] = 'call `program.fit(data={{"train": {{"field": array}}}})`'


class ClassNamesMismatch(Diagnostic):
    """A label's values are words, and there are not as many as the field has classes."""

    code: ClassVar[str] = "E513"
    title: ClassVar[str] = "`{field}` has {found} different values, and the spec says {classes}"
    label: ClassVar[str] = "declared with {classes} classes"
    note: ClassVar[str] = "they are {names}"

    field: str
    found: int
    classes: int
    names: str
