"""Hold data against the declared types of its fields, before any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Never

from kspec.data.base import Column, Table
from kspec.data.cells import all_digits, is_number
from kspec.data.example_weights import check_weights
from kspec.data.lookups import Looked, check_rows, looks_up
from kspec.data.scores import check_scores
from kspec.diagnostics import Diagnostic, Span, SpecError
from kspec.diagnostics.errors import (
    BadCell,
    ClassNamesMismatch,
    FieldMissing,
    FieldWrongType,
    LabelOutOfRange,
    NotANumber,
)
from kspec.ir import Shape

if TYPE_CHECKING:
    from kspec.data.base import Array

NUMPY: Final = {
    **{name: f"float{name[1:]}" for name in ("f16", "f32")},
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32)},
    "bool": "bool",
}


@dataclass(frozen=True, slots=True)
class FieldType:
    """A declared field.

    Attributes:
        name: The field.
        dtype: A dtype of the IR; `i32` for classes; `str` for text.
        shape: The shape of one row; a name fits any size.
        classes: How many classes there are; None if the data says, or for other fields.
        is_class: Whether the field is a class number.
        below: What its numbers must be below: the rows of an embedding that looks them up.
        weighs: Whether it is a sample weight, which is not negative.
        scores: What scores its classes, and how many it scores, where the data counts them.
    """

    name: str
    dtype: str
    shape: Shape
    classes: int | None = None
    is_class: bool = False
    below: int | None = None
    weighs: bool = False
    scores: tuple[str, int] | None = None

    def __str__(self) -> str:
        if self.is_class:
            return "class" if self.classes is None else f"class[{self.classes}]"
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]" if self.shape else self.dtype


@dataclass(frozen=True, slots=True)
class Fields:
    """Checked columns, as the program takes them.

    Attributes:
        arrays: One array a field.
        class_names: The classes' names by field, where the data has words or gaps.
    """

    arrays: Mapping[str, Array]
    class_names: Mapping[str, tuple[str, ...]]


def open_fields(
    table: Table,
    fields: tuple[FieldType, ...],
    spans: Mapping[str, Span] | None = None,
    class_names: Mapping[str, tuple[str, ...]] | None = None,
) -> Fields:
    """Read and check all declared fields.

    Args:
        table: The open source.
        fields: What the spec declares.
        spans: Where it declares them, for messages.
        class_names: Names that another split has settled, by field.

    Raises:
        SpecError: With one mistake a field.
    """
    import numpy as np

    mistakes: list[Diagnostic] = []
    arrays: dict[str, Array] = {}
    names: dict[str, tuple[str, ...]] = {}
    rows = np.arange(len(table))
    places = spans or {}
    for field in fields:
        check = _Check(table, field, places.get(field.name))
        try:
            if field.name not in table.columns:
                origin = getattr(table, "origin", "the data")
                found = FieldMissing.of(check.span, field.name, origin, table.columns)
                raise SpecError((found,))
            check.fits(table.columns[field.name])
            raw = table.read(rows, (field.name,))[field.name]
            settled = (class_names or {}).get(field.name)
            arrays[field.name] = check.convert(raw, settled)
            if field.below is not None:
                embedding = places.get(looks_up(field.name))
                looked = Looked(field.name, field.below, check.span, embedding)
                check_rows(looked, arrays[field.name], check.place)
            if field.weighs:
                check_weights(field.name, arrays[field.name], check.span, check.place)
            if check.names:
                names[field.name] = check.names
        except SpecError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise SpecError(tuple(mistakes))
    return Fields(arrays, names)


class _Check:
    """Converts one column to its field's type, exactly or not at all."""

    def __init__(self, table: Table, field: FieldType, span: Span | None) -> None:
        self.table = table
        self.field = field
        self.span = span
        self.names: tuple[str, ...] = ()
        self.column = Column(field.dtype, ())

    def place(self, row: int) -> str:
        return self.table.place(row, self.field.name)

    def convert(self, raw: Array, settled: tuple[str, ...] | None) -> Array:
        if self.field.dtype == "str":
            return raw if raw.dtype.kind == "U" else self._wrong()
        if self.field.is_class:
            return self._classes(raw, settled)
        if raw.dtype.kind == "U":
            raw = self._parse(raw, self.field.dtype)
        return self._numbers(raw)

    def fits(self, column: Column) -> None:
        """Refuse a column of another shape, before it is read."""
        self.column = column
        wanted = self.field.shape
        if len(column.shape) != len(wanted) or any(
            isinstance(size, int) and size != given
            for size, given in zip(wanted, column.shape, strict=True)
        ):
            self._wrong()

    def _wrong(self) -> Never:
        shape = ", ".join(map(str, self.column.shape))
        got = f"{self.column.dtype}[{shape}]" if shape else self.column.dtype
        origin = f"in {getattr(self.table, 'origin', 'the data')}"
        name, wanted = self.field.name, str(self.field)
        refuse(FieldWrongType(span=self.span, field=name, wanted=wanted, got=got, origin=origin))

    def _classes(self, raw: Array, settled: tuple[str, ...] | None) -> Array:
        """Class numbers; words, or numbers of an open set, are numbered in sorted order."""
        import numpy as np

        if self.column.names:
            return self._renumbered(raw, settled)
        if raw.dtype.kind == "U" and self.field.classes is not None and all_digits(raw):
            raw = self._parse(raw, "i64")
        if raw.dtype.kind == "f":
            self._wrong()
        if raw.dtype.kind == "U" or self.field.classes is None:
            return self._named(raw, settled)
        count = self.field.classes
        bad = np.flatnonzero((raw.astype(np.int64) < 0) | (raw.astype(np.int64) >= count))
        if bad.size:
            from_one = int(raw.min()) == 1 and int(raw.max()) == count
            self._out_of_range(int(raw[bad[0]]), int(bad[0]), int(bad.size), from_one)
        return raw.astype(np.int32)

    def _out_of_range(self, value: int, row: int, rows: int, from_one: bool) -> Never:
        classes = self.field.classes or 0
        refuse(
            LabelOutOfRange(
                span=self.span,
                field=self.field.name,
                value=value,
                classes=classes,
                last=classes - 1,
                place=self.place(row),
                count=rows,
                from_one=from_one,
            )
        )

    def _renumbered(self, raw: Array, settled: tuple[str, ...] | None) -> Array:
        """Numbers of classes that the source names, and another split may have settled."""
        import numpy as np

        number = self._numbering(self.column.names, settled or self.column.names)
        return np.array([number[name] for name in self.column.names], np.int32)[raw]

    def _named(self, raw: Array, settled: tuple[str, ...] | None) -> Array:
        import numpy as np

        values = tuple(str(value) for value in np.unique(raw))
        number = self._numbering(values, settled or values)
        text = raw if raw.dtype.kind == "U" else raw.astype(str)
        return np.array([number[str(value)] for value in text], np.int32)

    def _numbering(self, values: tuple[str, ...], names: tuple[str, ...]) -> dict[str, int]:
        """Each name's number, if there are as many as there should be and no others."""
        number = {name: i for i, name in enumerate(names)}
        unknown = [value for value in values if value not in number]
        wrong_count = self.field.classes is not None and len(names) != self.field.classes
        if unknown or wrong_count:
            known = self.field.classes if self.field.classes is not None else len(names)
            refuse(
                ClassNamesMismatch(
                    span=self.span,
                    field=self.field.name,
                    found=len(set(names) | set(unknown)),
                    classes=known,
                    names=", ".join((*names, *unknown)[:10]),
                )
            )
        check_scores(self.field.name, self.field.scores, len(names), self.span)
        self.names = names
        return number

    def _parse(self, raw: Array, dtype: str) -> Array:
        """Text as numbers; the first cell that is none is shown."""
        import numpy as np

        whole = dtype[0] in "iu"
        if dtype == "bool":
            self._wrong()
        try:
            return raw.astype(np.int64 if whole else np.float64)
        except (ValueError, OverflowError):
            row, value = next(
                (index, cell)
                for index, cell in np.ndenumerate(raw)
                if not is_number(str(cell), whole)
            )
        wanted = "a whole number" if whole else "a number"
        self._bad_cell(str(value)[:40], wanted, row[0])

    def _bad_cell(self, value: str, wanted: str, row: int) -> Never:
        place, name = self.place(row), self.field.name
        refuse(BadCell(span=self.span, field=name, value=value, wanted=wanted, place=place))

    def _numbers(self, raw: Array) -> Array:
        """Numbers in the declared type: no value may change, but for rounding to f32."""
        import numpy as np

        want = self.field.dtype
        if want == "bf16" or NUMPY.get(want) is None:
            self._wrong()
        target = np.dtype(NUMPY[want])
        if raw.dtype == target:
            self._finite(raw)
            return raw
        both_whole = raw.dtype.kind in "iu" and target.kind in "iu"
        both_float = raw.dtype.kind == "f" and target.kind == "f"
        if not (both_whole or both_float):
            self._wrong()
        if both_float:
            self._finite(raw)
        limits: Any = np.iinfo(target) if both_whole else np.finfo(target)
        bad = np.argwhere((raw < limits.min) | (raw > limits.max))
        if bad.size:
            value = str(raw[tuple(bad[0])])
            self._bad_cell(value, f"within the range of {want}", int(bad[0][0]))
        return raw.astype(target)

    def _finite(self, raw: Array) -> None:
        import numpy as np

        if raw.dtype.kind != "f":
            return
        bad = np.argwhere(~np.isfinite(raw))
        if bad.size:
            value = str(raw[tuple(bad[0])])
            place = self.place(int(bad[0][0]))
            refuse(NotANumber(span=self.span, field=self.field.name, value=value, place=place))


def refuse(mistake: Diagnostic) -> Never:
    """Raise one mistake."""
    raise SpecError((mistake,))
