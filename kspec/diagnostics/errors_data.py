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
    help: ClassVar[str] = "declare it as `{field} : {declared}`, or change the data"

    field: str
    wanted: str
    got: str
    origin: str

    def facts(self) -> dict[str, object]:
        """What could be declared: there are no types of 64 bits."""
        return super().facts() | {"declared": self.got.replace("64", "32", 1)}


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
    from_one: bool = False

    def note_text(self) -> str:
        """The first such row, and how many there are."""
        more = f"; {self.count} rows are like this" if self.count > 1 else ""
        return f"{self.place}{more}"

    def help_text(self) -> str:
        """Labels that count from 1 are the usual reason."""
        if self.from_one:
            return f"the labels go from 1 to {self.classes}, and classes count from 0: subtract 1"
        return f"declare `{self.field} : class[n]` with more classes, or correct the data"


class IndexOutOfRange(Diagnostic):
    """A number is looked up in an embedding that has no row for it.

    An embedding of `input_dim` rows takes the numbers from 0 to `input_dim - 1`.
    """

    code: ClassVar[str] = "E514"
    title: ClassVar[str] = "`{field}` is {value}, and its embedding has rows 0 to {last}"
    label: ClassVar[str] = "declared here"
    help: ClassVar[str] = "{advice}"

    field: str
    value: int
    last: int
    largest: int
    place: str
    count: int

    def note_text(self) -> str:
        """The first such number, and how many there are."""
        more = f"; {self.count} numbers are like this" if self.count > 1 else ""
        return f"{self.place}{more}"

    def facts(self) -> dict[str, object]:
        """A table that is large enough, where the numbers are too large."""
        advice = f"the largest is {self.largest}: `input_dim` must be {self.largest + 1} or more"
        negative = "numbers to look up count from 0"
        return super().facts() | {"advice": negative if self.value < 0 else advice}


class NotANumber(Diagnostic):
    """A value in the data is not finite."""

    code: ClassVar[str] = "E507"
    title: ClassVar[str] = "`{field}` has a value that is {value}"
    label: ClassVar[str] = "declared here"
    note: ClassVar[str] = "{place}"
    help: ClassVar[str] = "leave the row out, or fill the value in: training would only give nan"

    field: str
    value: str
    place: str


class BadCell(Diagnostic):
    """A cell of a text file is not of its field's type."""

    code: ClassVar[str] = "E508"
    title: ClassVar[str] = "{place}: `{value}` is not {wanted}"
    label: ClassVar[str] = "the field `{field}` is declared here"
    help: ClassVar[str] = "correct the cell; a column of words is declared `{field} : class`"

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
    help: ClassVar[str] = "each column needs an entry for each row"

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


class PackageMissing(Diagnostic):
    """Something needs a package that kspec does without until then."""

    code: ClassVar[str] = "E515"
    title: ClassVar[str] = "{what} needs {package}, which is not installed"
    label: ClassVar[str] = "named here"
    help: ClassVar[str] = 'install it: `pip install "kspec[{extra}]"`'

    what: str
    package: str
    extra: str


class WordUnknown(Diagnostic):
    """A vocabulary lacks a word, and its layer has `num_oov_indices=0`."""

    code: ClassVar[str] = "E518"
    title: ClassVar[str] = "a word has no number: {reason}"
    help: ClassVar[str] = "`num_oov_indices=1` gives such words a number"

    reason: str


class NegativeWeight(Diagnostic):
    """A sample weight is below 0: training would seek mistakes in that example."""

    code: ClassVar[str] = "E516"
    title: ClassVar[str] = "the sample weight `{field}` is {value}"
    label: ClassVar[str] = "declared here"
    help: ClassVar[str] = "a weight is 0 or more; with weight 0 an example does not count"

    field: str
    value: str
    place: str
    count: int

    def note_text(self) -> str:
        """The first such row, and how many there are."""
        more = f"; {self.count} rows are like this" if self.count > 1 else ""
        return f"{self.place}{more}"


class UnknownClass(Suggesting):
    """A class has a weight, and the data has no class of that name."""

    code: ClassVar[str] = "E517"
    title: ClassVar[str] = "`{field}` has no class `{name}`"
    label: ClassVar[str] = "weights of its classes"
    note: ClassVar[str] = "{known}"

    field: str
    name: str
    known: str

    @classmethod
    def of(cls, span: Span | None, field: str, name: str, names: Iterable[str]) -> Self:
        """With the nearest class suggested."""
        all_names = tuple(names)
        shown = ", ".join(f"`{each}`" for each in all_names[:10])
        known = f"its classes are {shown}" if shown else "its classes have numbers, and no names"
        near = closest(name, all_names)
        return cls(span=span, field=field, name=name, known=known, suggestion=near)
