"""The report's section on the data: its fields, its classes, and examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from kspec.data.fields import FieldType
from kspec.data.ragged import length_of
from kspec.ir import STR
from kspec.runtime.page import table_of
from kspec.runtime.pictures import Strip, word_of

if TYPE_CHECKING:
    from kspec.data.dataset import Dataset, Split

MOST: Final = 1_000_000  # numbers of a field that are looked at
MOST_CLASSES: Final = 30
ROWS_OF_TEXT: Final = 10_000  # that are looked at
ROWS: Final = 5  # examples in a table
WIDEST: Final = 60  # characters of a value
FEW: Final = 6  # numbers of an array that are shown


def as_html(dataset: Dataset, fields: Sequence[FieldType], strips: Sequence[Strip]) -> str:
    """The body of the section."""
    train = dataset.splits["train"]
    fields = [field for field in fields if field.name in train.arrays]
    sizes = ", ".join(f"{name} {len(split):,}" for name, split in dataset.splits.items())
    pictured = {strip.field for strip in strips}
    rest = [f for f in fields if f.name not in pictured and not (pictured and f.is_class)]
    summary = ([f.name, str(f), *_numbers(f, train)] for f in fields)
    parts = [
        f"<p>Examples: {escape(sizes)}.</p>",
        table_of(["field", "type", "least", "mean", "greatest", "in training"], summary, (1, 5)),
        *(_classes(field, dataset.splits) for field in fields if field.is_class),
        *map(_strip, strips),
        _examples(rest, train),
    ]
    return "\n".join(part for part in parts if part)


def _numbers(field: FieldType, train: Split) -> list[str]:
    """The least, the mean and the greatest number of a field, and of how much that is."""
    array = train.arrays[field.name]
    if not len(array):
        return ["", "", "", "nothing"]
    if field.is_class:
        found = np.unique(array[:MOST]).size
        return ["", "", "", f"{found:,} classes"]
    if array.dtype.kind == "U":
        lengths = np.char.str_len(array[:ROWS_OF_TEXT])
        words = [f"{n:,} characters" for n in (lengths.min(), int(lengths.mean()), lengths.max())]
        return [*words, _looked_at(len(lengths), len(train))]
    rows = max(1, MOST // max(1, array[:1].size))
    some = _steps(array[:rows], train.arrays.get(length_of(field.name)))
    numbers = some.astype(np.float64)
    if not numbers.size:  # ragged rows without steps
        return ["", "", "", "nothing"]
    ends = (f"{each(numbers):.4g}" for each in (np.min, np.mean, np.max))
    return [*ends, _looked_at(rows, len(train))]


def _steps(rows: NDArray[Any], lengths: NDArray[Any] | None) -> NDArray[Any]:
    """The numbers of rows; of ragged ones without what fills them up."""
    if lengths is None:
        return rows
    return rows[np.arange(rows.shape[1]) < lengths[: len(rows), None]]


def _looked_at(some: int, rows: int) -> str:
    return "all examples" if some >= rows else f"the first {some:,}"


def _classes(field: FieldType, splits: Mapping[str, Split]) -> str:
    """How many examples of each class the splits have, with a bar for the training split."""
    words = splits["train"].class_names.get(field.name, ())
    columns = [counts(split.arrays[field.name]) for split in splits.values()]
    count = max(map(len, columns), default=0)
    if not count:
        return ""
    title = f"<h3>Classes of {escape(field.name)}</h3>"
    if count > MOST_CLASSES:
        least, most = columns[0].min(initial=len(columns[0])), columns[0].max(initial=0)
        text = f"{count:,} classes, of {least:,} to {most:,} training examples each"
        return f'{title}<p class="soft">{text}</p>'
    table = np.stack([np.pad(each, (0, count - len(each))) for each in columns])
    widest = max(1, int(table[0].max()))
    head = "".join(f'<th class="num">{escape(name)}</th>' for name in splits)
    rows = "".join(
        f"<tr><td>{escape(word_of(n, words))}</td>"
        + "".join(f'<td class="num">{each:,}</td>' for each in table[:, n].tolist())
        + f'<td class="wide"><i class="bar" style="width:{table[0, n] / widest:.1%}"></i></td></tr>'
        for n in range(count)
    )
    head = f'<tr><th>class</th>{head}<th class="wide"></th></tr>'
    return f'{title}<div class="scroll"><table>{head}{rows}</table></div>'


def counts(labels: NDArray[Any]) -> NDArray[np.int64]:
    """How often each class is there, a part of the labels at a time: they may be in a file."""
    total = np.zeros(0, np.int64)
    for start in range(0, len(labels), MOST):
        part = labels[start : start + MOST]
        found = np.bincount(part[part >= 0], minlength=len(total))
        found[: len(total)] += total
        total = found
    return total


def _strip(strip: Strip) -> str:
    """Pictures of a field: a column an example, the rows above each other."""
    seen = "; augmented ones are what the first weights take" if len(strip.rows) > 1 else ""
    if strip.left:
        seen = "; `kspec eval RUN --report` shows them augmented, too"
    note = f"from a row's least number in black to its greatest in white{seen}"
    rows = "".join(
        f"<tr><th>{escape(title)}</th>"
        + "".join(f'<td><img alt="" src="{url}"></td>' for url in urls)
        + "</tr>"
        for title, urls in strip.rows.items()
    )
    labels = "".join(f"<td>{escape(label)}</td>" for label in strip.labels)
    return (
        f'<h3>Training examples of {escape(strip.field)} <span class="soft">{note}</span></h3>'
        f'<div class="scroll"><table class="strip">{rows}<tr><th></th>{labels}</tr></table></div>'
    )


def _examples(fields: Sequence[FieldType], train: Split) -> str:
    """The first examples as a table."""
    if not fields:
        return ""
    rows = [
        [str(row + 1), *(_value(field, train, row) for field in fields)]
        for row in range(min(ROWS, len(train)))
    ]
    texts = [n for n, f in enumerate(fields, 1) if f.is_class or f.dtype == STR]
    table = table_of(["example", *(field.name for field in fields)], rows, texts)
    return f"<h3>The first training examples</h3>{table}"


def _value(field: FieldType, train: Split, row: int) -> str:
    value = train.arrays[field.name][row]
    words = train.class_names.get(field.name, ())
    if field.is_class and not field.shape:
        text = word_of(int(value), words)
    elif np.ndim(value) == 0:
        text = str(value)
    else:
        flat = np.ravel(value)
        shown = ", ".join(_shown(flat[:FEW].tolist()))
        text = f"{shown}, ..." if flat.size > FEW else shown
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def _shown(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield f"{value:.4g}" if isinstance(value, float) else str(value)
