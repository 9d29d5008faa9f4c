"""How much each example counts: `sample_weight`, a field, and `class_weight`, by its label.

Class weights are settled when the data is read, as they may depend on it: on the names of
the classes, and for `balanced` on how many examples of the training split each class has.
They hold in training only, as in Keras, so that all other splits get ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kspec.data.bad_rows import refuse_rows
from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import NegativeWeight, UnknownClass
from kspec.diagnostics.record import Node

if TYPE_CHECKING:
    from kspec.data.base import Array


class ClassWeight(Node):
    """The weights of classes.

    Attributes:
        label: The field that has the classes: class numbers, or a number for each class, of
            which the largest is meant.
        column: What the program calls the weight of an example.
        weights: The weights by the classes' names or numbers; a class that is not there has
            weight 1. None for `balanced`: examples / (classes * examples of the class).
    """

    label: str
    column: str
    weights: tuple[tuple[str, float], ...] | None = None

    def weigh(
        self,
        split: str,
        arrays: Mapping[str, Array],
        class_names: Mapping[str, tuple[str, ...]],
        place: Span | None,
    ) -> dict[str, Array]:
        """The arrays of a split with the weights of its examples, f32.

        Args:
            split: The split's name.
            arrays: Its fields.
            class_names: The names of classes by field, where the data has them.
            place: Where the weights are written, for messages.

        Raises:
            SpecError: A class has a weight and is not there.
        """
        import numpy as np

        label = arrays[self.label]
        table = self._by_number(class_names.get(self.label), place)
        column = np.ones(len(label), np.float32)
        if split == "train":
            present, which, counts = np.unique(
                class_numbers(label), return_inverse=True, return_counts=True
            )
            weights = (
                len(label) / (len(present) * counts)
                if self.weights is None
                else np.array([table.get(int(number), 1.0) for number in present])
            )
            column = weights.astype(np.float32)[which]
        return {**arrays, self.column: column}

    def _by_number(self, names: tuple[str, ...] | None, place: Span | None) -> dict[int, float]:
        """The weights by class number. Numbers mean classes where no name is a number."""
        number = {name: each for each, name in enumerate(names or ())}
        if names is not None and not any(name.isdecimal() for name in names):
            number |= {str(each): each for each in range(len(names))}
        found: dict[int, float] = {}
        for key, weight in self.weights or ():
            if names is None and key.isdecimal():
                found[int(key)] = weight
            elif key in number:
                found[number[key]] = weight
            else:
                raise SpecError((UnknownClass.of(place, self.label, key, names or ()),))
        return found


def class_numbers(label: Array) -> Array:
    """The class of each example, as Keras takes it from a label. Returns i64[n]."""
    import numpy as np

    if label.ndim > 1:
        label = label.argmax(-1) if label.shape[-1] != 1 else label[..., 0]
    return np.round(label).astype(np.int64)


def check_weights(
    field: str, weights: Array, span: Span | None, place: Callable[[int], str]
) -> None:
    """Refuse negative sample weights.

    Args:
        field: The field's name.
        weights: One number an example.
        span: Where the field is declared.
        place: What a row of the data is called in messages.

    Raises:
        RowsRefused: With the first of them.
    """
    import numpy as np

    bad = np.flatnonzero(weights < 0)
    if bad.size:
        rows: list[int] = bad.tolist()

        def mistake(row: int) -> NegativeWeight:
            value, at = str(weights[row]), place(row)
            return NegativeWeight(span=span, field=field, value=value, place=at, count=len(rows))

        refuse_rows(lambda: iter(rows), mistake, int)


def to_json(weight: ClassWeight | None) -> dict[str, Any] | None:
    """Class weights as plain JSON values."""
    if weight is None:
        return None
    weights = None if weight.weights is None else [list(pair) for pair in weight.weights]
    return {"label": weight.label, "column": weight.column, "weights": weights}


def from_json(raw: Mapping[str, Any] | None) -> ClassWeight | None:
    """Read `to_json` back."""
    if raw is None:
        return None
    weights = raw["weights"]
    pairs = None if weights is None else tuple((key, weight) for key, weight in weights)
    return ClassWeight(raw["label"], raw["column"], pairs)
