"""Which rows of a source each part of a split has: a function of shares, seed and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kspec.data.example_weights import class_numbers
from kspec.data.fields import Fields
from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import ClassTooSmall, SplitEmpty

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows


@dataclass(frozen=True, slots=True)
class Labels:
    """The classes of all rows.

    Attributes:
        field: The label.
        numbers: The class of each row.
        names: What the classes are called, where the data says.
    """

    field: str
    numbers: Array
    names: tuple[str, ...]

    @staticmethod
    def of(field: str, whole: Fields) -> Labels:
        """Those of a field."""
        return Labels(field, class_numbers(whole.arrays[field]), whole.class_names.get(field, ()))

    def shown(self, number: int) -> str:
        """A class, for messages."""
        return f"`{self.names[number]}`" if self.names else str(number)


def rows_of(
    shares: Mapping[str, float], rows: int | Labels, seed: int, places: Mapping[str, Span]
) -> dict[str, Rows]:
    """The rows of each part.

    Args:
        shares: From 0 to 1, by part.
        rows: How many rows there are, or their classes, of which each part has its share.
        seed: Of the choice.
        places: Where the parts are written, for messages.

    Raises:
        SpecError: A part would have no rows, or a class fewer rows than there are parts.
    """
    if isinstance(rows, Labels):
        return _stratified(shares, rows, seed, places.get("stratify"))
    return _shares(shares, rows, seed, places)


def folds_of(
    folds: tuple[int, int], rows: int | Labels, seed: int, places: Mapping[str, Span]
) -> dict[str, Rows]:
    """The rows of one fold, which is `validation`, and of all others, which are `train`.

    Args:
        folds: How many there are, and which one that is.
        rows: As of `rows_of`.
        seed: As of `rows_of`.
        places: As of `rows_of`.

    Raises:
        SpecError: A fold would have no rows, or a class fewer rows than there are folds.
    """
    import numpy as np

    count, fold = folds
    parts = list(rows_of(_even(count), rows, seed, places).values())
    others = parts[:fold] + parts[fold + 1 :]
    return {"train": np.concatenate(others), "validation": parts[fold]}


def _even(count: int) -> dict[str, float]:
    return {f"fold {number}": 1 / count for number in range(count)}


def _shares(
    shares: Mapping[str, float], rows: int, seed: int, places: Mapping[str, Span]
) -> dict[str, Rows]:
    """Sizes by largest remainder, rows by one fixed shuffle."""
    import numpy as np

    sizes = _sizes(shares, rows, dict.fromkeys(shares, 0.0))
    for part, size in sizes.items():
        if size == 0:
            place = places.get(part, places.get("split"))
            raise SpecError((SplitEmpty(span=place, name=part, rows=rows),))
    generator = np.random.Generator(np.random.Philox(seed))
    return _cut(generator.permutation(rows), sizes)


def _stratified(
    shares: Mapping[str, float], labels: Labels, seed: int, place: Span | None
) -> dict[str, Rows]:
    """Of each class its share to within one row, and one at least."""
    import numpy as np

    generator = np.random.Generator(np.random.Philox(seed))
    found: dict[str, list[Rows]] = {part: [] for part in shares}
    owed = dict.fromkeys(shares, 0.0)  # what rounding has taken from each part so far
    for number in np.unique(labels.numbers).tolist():
        rows = np.flatnonzero(labels.numbers == number)
        if len(rows) < len(shares):
            raise SpecError((_too_small(labels, number, len(rows), len(shares), place),))
        sizes = _one_at_least(_sizes(shares, len(rows), owed), shares, len(rows))
        owed = {p: owed[p] + shares[p] * len(rows) - size for p, size in sizes.items()}
        for part, chosen in _cut(generator.permutation(rows), sizes).items():
            found[part].append(chosen)
    return {part: np.concatenate(chosen) for part, chosen in found.items()}


def _sizes(shares: Mapping[str, float], rows: int, owed: Mapping[str, float]) -> dict[str, int]:
    """How many rows each part gets, to within one of its share.

    Args:
        shares: From 0 to 1, by part.
        rows: How many rows there are.
        owed: What rounding has taken from each part before: who lacks most is rounded up.
    """
    exact = {part: share * rows for part, share in shares.items()}
    sizes = {part: int(size + 1e-9) for part, size in exact.items()}
    left = min(rows, round(sum(exact.values()))) - sum(sizes.values())
    fractions = [part for part in shares if exact[part] - sizes[part] > 1e-9]
    for part in sorted(fractions, key=lambda part: sizes[part] - exact[part] - owed[part])[:left]:
        sizes[part] += 1
    return sizes


def _one_at_least(
    sizes: Mapping[str, int], shares: Mapping[str, float], rows: int
) -> dict[str, int]:
    """Sizes where each part has something, taken from the part with most to spare."""
    given = dict(sizes)
    for part in [part for part, size in sizes.items() if not size]:
        given[part] = 1
        if sum(given.values()) > rows:
            several = [each for each in given if given[each] > 1]
            given[max(several, key=lambda each: given[each] - shares[each] * rows)] -= 1
    return given


def _cut(order: Rows, sizes: Mapping[str, int]) -> dict[str, Rows]:
    """Parts of so many rows, one behind the other."""
    chosen: dict[str, Rows] = {}
    start = 0
    for part, size in sizes.items():
        chosen[part] = order[start : start + size]
        start += size
    return chosen


def _too_small(
    labels: Labels, number: int, rows: int, parts: int, place: Span | None
) -> ClassTooSmall:
    return ClassTooSmall(
        span=place,
        field=labels.field,
        name=labels.shown(number),
        count=f"{rows} example{'' if rows == 1 else 's'}",
        parts=parts,
    )
