"""Hold data against the declared types of its fields, before any training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Never

from kspec.data.bad_rows import joined, refuse_rows
from kspec.data.base import Column, Table
from kspec.data.cells import Misfit, as_numbers, digits, misfits, not_finite
from kspec.data.example_weights import check_weights
from kspec.data.fields import Fields, FieldType
from kspec.data.lookups import Looked, check_rows, looks_up
from kspec.data.ragged import Ragged, length_of, refuse_long_rows
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

if TYPE_CHECKING:
    from kspec.data.base import Array, Values

NUMPY: Final = {
    **{name: f"float{name[1:]}" for name in ("f16", "f32")},
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32)},
    "bool": "bool",
}


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
        SpecError: With one mistake a field; RowsRefused where all of them are about rows.
    """
    import numpy as np

    errors: list[SpecError] = []
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
            raw = check.steps(table.read(rows, (field.name,))[field.name])
            settled = (class_names or {}).get(field.name)
            array = check.convert(raw, settled)
            if field.below is not None:
                embedding = places.get(looks_up(field.name))
                looked = Looked(field.name, field.below, check.span, embedding)
                check_rows(looked, array, check.place, check.row)
            if field.weighs:
                check_weights(field.name, array, check.span, check.place)
            arrays |= check.filled(array)
            if check.names:
                names[field.name] = check.names
        except SpecError as error:
            errors.append(error)
    if errors:
        raise joined(errors)
    return Fields(arrays, names)


class _Check:
    """Converts one column to its field's type, exactly or not at all.

    Of a ragged field it converts the steps of all rows.
    """

    def __init__(self, table: Table, field: FieldType, span: Span | None) -> None:
        self.table = table
        self.field = field
        self.span = span
        self.names: tuple[str, ...] = ()
        self.column = Column(field.dtype, ())
        self.ragged: Ragged | None = None

    def row(self, row: int) -> int:
        """A row, or the row of a step."""
        return int(row) if self.ragged is None else self.ragged.row_of(row)

    def place(self, row: int) -> str:
        """Where a row is, or the row of a step."""
        return self.table.place(self.row(row), self.field.name)

    def steps(self, raw: Values) -> Array:
        """The rows, or for a ragged field the steps of all rows. Refuses rows that are too long."""
        import numpy as np

        bound = self.field.bound
        if bound is None:
            assert not isinstance(raw, Ragged)  # it does not fit
            return raw
        self.ragged = raw if isinstance(raw, Ragged) else Ragged.even(raw)
        refuse_long_rows(self.ragged, self.field.name, bound, self.span, self.table.place)
        if self.ragged.values.size:
            return self.ragged.values
        shape = (0, *self.ragged.values.shape[1:])  # of rows without steps nothing can be wrong
        return np.zeros(shape, NUMPY.get(self.field.dtype))

    def filled(self, array: Array) -> dict[str, Array]:
        """The field; a ragged one in rows of one length, with what their lengths were."""
        import numpy as np

        name, bound = self.field.name, self.field.bound
        if self.ragged is None or bound is None:
            return {name: array}
        lengths = self.ragged.lengths.astype(np.int32)
        return {name: self.ragged.padded(array, bound), length_of(name): lengths}

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
        if not column.dtype:
            return
        if not self.field.meets(column.shape):
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
        if raw.dtype.kind == "U":
            self._not_empty(raw)
        if raw.dtype.kind == "U" and self.field.classes is not None and not settled:
            whole = digits(raw)
            if 2 * whole.sum() > len(raw):  # else they are words
                raw = self._parse(raw, "i64")
        if raw.dtype.kind == "f":
            self._wrong()
        if raw.dtype.kind == "U" or self.field.classes is None:
            return self._named(raw, settled)
        count = self.field.classes
        bad = np.flatnonzero((raw.astype(np.int64) < 0) | (raw.astype(np.int64) >= count))
        if bad.size:
            self._out_of_range(raw, bad.tolist(), count)
        return raw.astype(np.int32)

    def _out_of_range(self, raw: Array, rows: list[int], classes: int) -> Never:
        from_one = int(raw.min()) == 1 and int(raw.max()) == classes

        def mistake(row: int) -> LabelOutOfRange:
            return LabelOutOfRange(
                span=self.span,
                field=self.field.name,
                value=int(raw[row]),
                classes=classes,
                last=classes - 1,
                place=self.place(row),
                count=len(rows),
                from_one=from_one,
            )

        refuse_rows(lambda: iter(rows), mistake, self.row)

    def _not_empty(self, raw: Array) -> None:
        """Refuse empty cells, which would be a class of their own."""
        import numpy as np

        empty = np.flatnonzero(raw == "")
        if empty.size:
            self._bad_cells(lambda: (Misfit("", "the name of a class", int(row)) for row in empty))

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
        """Numbers from text, or from a format of untyped numbers; the first misfit is shown."""
        if dtype == "bool":
            self._wrong()
        try:
            return as_numbers(raw, whole=dtype[0] in "iu")
        except Misfit:
            self._bad_cells(lambda: misfits(raw, whole=dtype[0] in "iu"))

    def _bad_cells(self, found: Callable[[], Iterator[Misfit]]) -> Never:
        def mistake(cell: Misfit) -> BadCell:
            place, name = self.place(cell.row), self.field.name
            value, wanted = cell.value, cell.wanted
            return BadCell(span=self.span, field=name, value=value, wanted=wanted, place=place)

        refuse_rows(found, mistake, lambda cell: self.row(cell.row))

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
        if self.column.untyped and target.kind == "f":
            raw = self._parse(raw, want)
        both_whole = raw.dtype.kind in "iu" and target.kind in "iu"
        both_float = raw.dtype.kind == "f" and target.kind == "f"
        if not (both_whole or both_float):
            self._wrong()
        if both_float:
            self._finite(raw)
        limits: Any = np.iinfo(target) if both_whole else np.finfo(target)
        bad = np.argwhere((raw < limits.min) | (raw > limits.max))
        if bad.size:
            wanted = f"within the range of {want}"
            self._bad_cells(lambda: (Misfit(raw[tuple(at)], wanted, int(at[0])) for at in bad))
        return raw.astype(target)

    def _finite(self, raw: Array) -> None:
        def mistake(at: tuple[int, ...]) -> NotANumber:
            place, value = self.place(at[0]), str(raw[at])
            return NotANumber(span=self.span, field=self.field.name, value=value, place=place)

        if next(not_finite(raw), None):
            refuse_rows(lambda: not_finite(raw), mistake, lambda at: self.row(at[0]))


def refuse(mistake: Diagnostic) -> Never:
    """Raise one mistake."""
    raise SpecError((mistake,))
