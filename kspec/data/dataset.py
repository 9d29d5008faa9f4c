"""A data block made real: sources opened, checked, and split."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kspec.data.bad_rows import BadRow, leave_out
from kspec.data.base import DataSource, Table
from kspec.data.columns import take
from kspec.data.declaration import NOWHERE, DataDeclaration, Places
from kspec.data.fields import Fields
from kspec.data.mapped import in_file
from kspec.data.schema import open_fields
from kspec.data.shares import Labels, folds_of, rows_of
from kspec.diagnostics import Span, SpecError
from kspec.ir import Call
from kspec.registry import make

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows


@dataclass(frozen=True, slots=True)
class Split:
    """One part of the data, checked and in memory.

    Attributes:
        arrays: One array a field, and one more for the lengths of a ragged field.
        class_names: The classes' names by field.
    """

    arrays: Mapping[str, Array]
    class_names: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))


@dataclass(frozen=True, slots=True)
class Dataset:
    """All parts.

    Attributes:
        splits: The parts by name.
        fingerprint: A hash of the sources that a spec names; empty for arrays that Python
            gave, where nothing asks for one and every call would pay for it.
        bad: The rows that were left out.
    """

    splits: Mapping[str, Split]
    fingerprint: str = ""
    bad: tuple[BadRow, ...] = ()


def load(declaration: DataDeclaration, folder: Path, places: Places = NOWHERE) -> Dataset:
    """Open, check and split the data of a declaration.

    Args:
        declaration: What the spec says.
        folder: The spec's folder, where paths start.
        places: Where the spec declares it, for messages.

    Raises:
        SpecError: The data is not what the declaration says.
    """
    import hashlib  # here, as it takes long, and checking a spec needs none

    import numpy as np

    digest = hashlib.sha256(b"on_bad = skip" if declaration.skips else b"")
    splits: dict[str, Split] = {}
    names: Mapping[str, tuple[str, ...]] = {}
    bad: list[BadRow] = []
    if declaration.source is not None:
        with _placed(places.sources.get("source")):
            table = _open(declaration.source, folder, declaration.skips)
            digest.update(table.fingerprint().encode())
            whole = _fields(table, declaration, places.of_fields, names, bad)
        names = whole.class_names
        for part, rows in _chosen(declaration, whole, places).items():
            chosen = {name: take(array, np.sort(rows)) for name, array in whole.arrays.items()}
            splits[part] = Split(chosen, names)
    for part, call in declaration.split.items():
        if isinstance(call, Call):
            with _placed(places.sources.get(part)):
                table = _open(call, folder, declaration.skips)
                digest.update(f"{part}:{table.fingerprint()}".encode())
                fields = _fields(table, declaration, places.of_fields, names, bad)
            names = {**fields.class_names, **names}
            splits[part] = Split(fields.arrays, names)
    ordered = {part: splits[part] for part in declaration.split}
    return Dataset(_weighed(ordered, declaration, places), digest.hexdigest(), tuple(bad))


def from_tables(declaration: DataDeclaration, tables: Mapping[str, Table]) -> Dataset:
    """Check tables that take the place of a declaration's own sources."""
    splits: dict[str, Split] = {}
    names: Mapping[str, tuple[str, ...]] = {}
    bad: list[BadRow] = []
    for part, table in tables.items():
        fields = _fields(table, declaration, None, names, bad)
        names = {**fields.class_names, **names}
        splits[part] = Split(fields.arrays, names)
    return Dataset(_weighed(splits, declaration, NOWHERE), bad=tuple(bad))


def _fields(
    table: Table,
    declaration: DataDeclaration,
    spans: Mapping[str, Span] | None,
    names: Mapping[str, tuple[str, ...]],
    bad: list[BadRow],
) -> Fields:
    """The declared fields, without the bad rows if those are left out, which `bad` gets then."""

    def check(table: Table) -> Fields:
        fields = open_fields(table, declaration.fields, spans, names)
        arrays = {name: in_file(array) for name, array in fields.arrays.items()}
        return Fields(arrays, fields.class_names)

    if not declaration.skips:
        return check(table)
    columns = tuple(f.name for f in declaration.fields if f.name in table.columns)
    fields, left_out = leave_out(table, columns, check)
    bad += left_out
    return fields


def _weighed(
    splits: Mapping[str, Split], declaration: DataDeclaration, places: Places
) -> Mapping[str, Split]:
    """The splits with the weights of their examples, if classes have weights."""
    weight = declaration.class_weight
    if weight is None:
        return splits
    place = places.sources.get("class_weight")
    return {
        part: Split(weight.weigh(part, split.arrays, split.class_names, place), split.class_names)
        for part, split in splits.items()
    }


def _open(call: Call, folder: Path, skips: bool) -> Table:
    source = cast("DataSource", make("source", call))
    return source.open_leniently(folder) if skips else source.open(folder)


@contextmanager
def _placed(place: Span | None) -> Generator[None]:
    """Mistakes of a source are shown where the spec names it, but for those of a field."""
    try:
        yield
    except SpecError as error:
        raise SpecError(
            tuple(d if d.span else d.replace(span=place) for d in error.diagnostics)
        ) from None


def _chosen(declaration: DataDeclaration, whole: Fields, places: Places) -> dict[str, Rows]:
    """The rows of each share, or of the folds."""
    shares = {part: s for part, s in declaration.split.items() if isinstance(s, float)}
    label = Labels.of(declaration.stratify, whole) if declaration.stratify else None
    rows = label or len(whole)
    if declaration.folds is None:
        return rows_of(shares, rows, declaration.seed, places.sources)
    return folds_of(declaration.folds, rows, declaration.seed, places.sources)
