"""A data block made real: sources opened, checked, and split."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from kspec.data.base import DataSource, Table
from kspec.data.example_weights import ClassWeight
from kspec.data.example_weights import from_json as weight_from_json
from kspec.data.example_weights import to_json as weight_to_json
from kspec.data.schema import Fields, FieldType, open_fields
from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import SplitEmpty
from kspec.ir import Attr, Call
from kspec.registry import make

if TYPE_CHECKING:
    from kspec.data.base import Array


SPLITS: Final = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class DataDeclaration:
    """What a data block says.

    Attributes:
        fields: The declared fields.
        source: Where shares of a split come from.
        split: Each part's share of the source, from 0 to 1, or a source of its own.
        seed: Of the choice of rows.
        class_weight: What weighs the examples of the training split by their classes.
    """

    fields: tuple[FieldType, ...]
    source: Call | None
    split: Mapping[str, float | Call]
    seed: int = 0
    class_weight: ClassWeight | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where a spec declares its data, for messages.

    Attributes:
        fields: The fields by name.
        sources: The settings of the block by key, and the parts of a split by name.
    """

    fields: Mapping[str, Span] = field(default_factory=dict[str, Span])
    sources: Mapping[str, Span] = field(default_factory=dict[str, Span])

    @property
    def of_fields(self) -> Mapping[str, Span]:
        """What messages about fields may show: the fields, and where they are looked up."""
        return {**self.sources, **self.fields}


@dataclass(frozen=True, slots=True)
class Split:
    """One part of the data, checked and in memory.

    Attributes:
        arrays: One array a field.
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
    """

    splits: Mapping[str, Split]
    fingerprint: str = ""


NOWHERE: Final = Places()


def load(declaration: DataDeclaration, folder: Path, places: Places = NOWHERE) -> Dataset:
    """Open, check and split the data of a declaration.

    Args:
        declaration: What the spec says.
        folder: The spec's folder, where paths start.
        places: Where the spec declares it, for messages.

    Raises:
        SpecError: The data is not what the declaration says.
    """
    import numpy as np

    digest = hashlib.sha256()
    splits: dict[str, Split] = {}
    names: Mapping[str, tuple[str, ...]] = {}
    if declaration.source is not None:
        with _placed(places.sources.get("source")):
            table = _open(declaration.source, folder)
            digest.update(table.fingerprint().encode())
            whole = open_fields(table, declaration.fields, places.of_fields)
        names = whole.class_names
        for part, rows in _shares(declaration, len(table), places).items():
            chosen = {name: array[np.sort(rows)] for name, array in whole.arrays.items()}
            splits[part] = Split(chosen, names)
    for part, call in declaration.split.items():
        if isinstance(call, Call):
            with _placed(places.sources.get(part)):
                table = _open(call, folder)
                digest.update(f"{part}:{table.fingerprint()}".encode())
                fields = open_fields(table, declaration.fields, places.of_fields, names)
            names = {**fields.class_names, **names}
            splits[part] = Split(fields.arrays, names)
    ordered = {part: splits[part] for part in declaration.split}
    return Dataset(_weighed(ordered, declaration, places), digest.hexdigest())


def from_tables(declaration: DataDeclaration, tables: Mapping[str, Table]) -> Dataset:
    """Check tables that take the place of a declaration's own sources."""
    splits: dict[str, Split] = {}
    names: Mapping[str, tuple[str, ...]] = {}
    for part, table in tables.items():
        fields: Fields = open_fields(table, declaration.fields, None, names)
        names = {**fields.class_names, **names}
        splits[part] = Split(fields.arrays, names)
    return Dataset(_weighed(splits, declaration, NOWHERE))


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


def _open(call: Call, folder: Path) -> Table:
    return cast("DataSource", make("source", call)).open(folder)


@contextmanager
def _placed(place: Span | None) -> Generator[None]:
    """Mistakes of a source are shown where the spec names it, but for those of a field."""
    try:
        yield
    except SpecError as error:
        raise SpecError(
            tuple(d if d.span else d.replace(span=place) for d in error.diagnostics)
        ) from None


def _shares(declaration: DataDeclaration, rows: int, places: Places) -> dict[str, Any]:
    """The rows of each part: sizes by largest remainder, rows by one fixed shuffle."""
    import numpy as np

    shares = {part: s for part, s in declaration.split.items() if isinstance(s, float)}
    exact = {part: share * rows for part, share in shares.items()}
    sizes = {part: int(size + 1e-9) for part, size in exact.items()}
    left = min(rows, round(sum(exact.values()))) - sum(sizes.values())
    by_remainder = sorted(shares, key=lambda part: sizes[part] - exact[part])
    for part in by_remainder[:left]:
        sizes[part] += 1
    for part, size in sizes.items():
        if size == 0:
            place = places.sources.get(part)
            raise SpecError((SplitEmpty(span=place, name=part, rows=rows),))
    generator = np.random.Generator(np.random.Philox(declaration.seed))
    order = generator.permutation(rows)
    chosen: dict[str, Any] = {}
    start = 0
    for part, size in sizes.items():
        chosen[part] = order[start : start + size]
        start += size
    return chosen


def declaration_to_json(declaration: DataDeclaration) -> dict[str, Any]:
    """The declaration as plain JSON values."""
    return {
        "fields": [
            {
                "name": f.name,
                "dtype": f.dtype,
                "shape": list(f.shape),
                "classes": f.classes,
                "is_class": f.is_class,
                "below": f.below,
                "weighs": f.weighs,
                "scores": f.scores,
            }
            for f in declaration.fields
        ],
        "source": None if declaration.source is None else _call_to_json(declaration.source),
        "split": {
            part: _call_to_json(share) if isinstance(share, Call) else share
            for part, share in declaration.split.items()
        },
        "seed": declaration.seed,
        "class_weight": weight_to_json(declaration.class_weight),
    }


def declaration_from_json(raw: Mapping[str, Any]) -> DataDeclaration:
    """Read `declaration_to_json` back."""
    return DataDeclaration(
        fields=tuple(
            FieldType(
                f["name"],
                f["dtype"],
                tuple(f["shape"]),
                f["classes"],
                f["is_class"],
                f.get("below"),
                f.get("weighs", False),
                tuple(f["scores"]) if f.get("scores") else None,
            )
            for f in raw["fields"]
        ),
        source=None if raw["source"] is None else _call_from_json(raw["source"]),
        split={
            part: share if isinstance(share, float) else _call_from_json(share)
            for part, share in raw["split"].items()
        },
        seed=raw["seed"],
        class_weight=weight_from_json(raw.get("class_weight")),
    )


def _call_to_json(call: Call) -> dict[str, Any]:
    return {"name": call.name, "args": dict(call.args)}


def _call_from_json(raw: Mapping[str, Any]) -> Call:
    return Call(raw["name"], {name: _tuples(value) for name, value in raw["args"].items()})


def _tuples(value: Any) -> Attr:
    return (
        tuple(_tuples(item) for item in cast("list[Any]", value))
        if isinstance(value, list)
        else value
    )
