"""Columns that are loaded when they are asked for, under the names that a spec gives them."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from kspec.data.base import Column
from kspec.data.cache import Pieces, streamed
from kspec.data.mapped import some
from kspec.data.paths import unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import EmptyData, FieldMissing

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

Names: TypeAlias = "str | Sequence[str]"  # a column, or several that become one


def check_fields(extra: Mapping[str, Any], several: bool = True) -> str | None:
    """What is wrong with the fields among a source's arguments, for its `check`.

    Args:
        extra: The arguments of any name.
        several: Whether a field may be made of several columns.
    """
    for field, names in extra.items():
        listed = several and isinstance(names, (list, tuple))
        each = cast("Sequence[object]", names if listed else (names,))
        if not each or not all(isinstance(name, str) for name in each):
            return f"{field} must be a name{', or a list of names' if several else ''}"
    return None


class Odd(Exception):
    """A value is not what its column holds.

    Attributes:
        row: Where it is, in the rows at hand.
    """

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row = row


class ColumnTable:
    """A table whose columns a subclass loads one by one.

    Args:
        shown: What messages call the source.
        rows: How many rows there are.
        known: Its columns.
        fields: The columns of fields that have other names, or several columns.

    Raises:
        SpecError: There are no rows, or a field has no column.
    """

    def __init__(
        self, shown: str, rows: int, known: Mapping[str, Column], fields: Mapping[str, Names]
    ) -> None:
        origin = f"`{shown}`"
        if not rows:
            raise SpecError((EmptyData(span=None, origin=origin),))
        for names in fields.values():
            for name in [names] if isinstance(names, str) else names:
                if name not in known:
                    raise SpecError((FieldMissing.of(None, name, origin, known),))
        self.shown = shown
        self.origin = origin
        self.known = known
        self.fields = fields
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name, and the fields."""
        fields = {field: self._column(field) for field in self.fields}
        return {**self.known, **fields}

    def _column(self, field: str) -> Column:
        names = self.fields[field]
        if isinstance(names, str):
            return self.known[names]
        parts = [self.known[name] for name in names]
        if len({part.shape for part in parts}) > 1:
            return Column("", ())
        dtype = _joint([part.dtype for part in parts])
        untyped = all(part.untyped for part in parts)
        return Column(dtype, (len(parts), *parts[0].shape), untyped=untyped)

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows, one array a column; all of them in order are not copied."""
        import numpy as np

        found: dict[str, Array] = {}
        for column in columns:
            names = self.fields.get(column, column)
            if isinstance(names, str):
                found[column] = take(self.load(names), rows)
                continue
            parts = [take(self.load(name), rows) for name in names]
            if not self._column(column).dtype:
                reason = f"the columns of `{column}` are not of one kind and shape"
                raise unreadable(self.shown, reason)
            found[column] = np.stack(parts, axis=1)
        return found

    def sources(self, columns: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The columns of the source that columns of the table are made of, with those."""
        for column in columns:
            names = self.fields.get(column, column)
            for name in [names] if isinstance(names, str) else names:
                yield column, name

    @abstractmethod
    def load(self, name: str) -> Array:
        """A whole column of the source. Raises SpecError for one that no field can be."""

    @abstractmethod
    def key(self) -> str:
        """A hash of the content."""

    def fingerprint(self) -> str:
        """A hash of the content, and of what the fields are made of."""
        return hash_of(self.key(), json.dumps(self.fields, sort_keys=True))


def kept(shown: str, kind: str, key: str, plan: Callable[[], Pieces]) -> Array:
    """As `streamed`, for the column of a file. Raises SpecError without memory for it."""
    try:
        return streamed(kind, key, plan)
    except MemoryError:
        raise unreadable(shown, "it needs more memory than there is") from None


def take(array: Array, rows: Rows) -> Array:
    """Some rows; all in order are not copied, nor those of `Mapped`."""
    import numpy as np

    whole = len(rows) == len(array) and np.array_equal(rows, np.arange(len(array)))
    return array if whole else some(array, rows)


def hash_of(*parts: str) -> str:
    """A hash of texts."""
    import hashlib  # here, as it takes long, and checking a spec needs none

    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _joint(dtypes: Sequence[str]) -> str:
    """The type that holds several numbers: the only one, or the widest; empty for none."""
    if len(set(dtypes)) == 1:
        return dtypes[0]
    if not set(dtypes).isdisjoint(("", "str", "bool")):
        return ""
    floats = [dtype for dtype in dtypes if dtype.startswith("f")]
    return max(floats or dtypes, key=lambda dtype: int(dtype[1:]))
