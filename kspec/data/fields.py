"""The declared fields of a data block, and their checked columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kspec.diagnostics.record import Node
from kspec.ir import Dim, Shape, bound_of

if TYPE_CHECKING:
    from kspec.data.base import Array


class FieldType(Node):
    """A declared field.

    Attributes:
        name: The field.
        dtype: A dtype of the IR; `i32` for classes; `str` for text.
        shape: The shape of one row; a name fits any size, `..200` first is a ragged axis.
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

    @property
    def bound(self) -> int | None:
        """How long a row may be; None where all are as long as the shape says."""
        return bound_of(self.shape[0]) if self.shape else None

    def meets(self, shape: Shape) -> bool:
        """Whether rows of that shape can be it; how long ragged ones are is looked at later."""
        return len(shape) == len(self.shape) and all(map(_meets, self.shape, shape))

    def __str__(self) -> str:
        if self.is_class:
            return "class" if self.classes is None else f"class[{self.classes}]"
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]" if self.shape else self.dtype


def _meets(wanted: Dim, given: Dim) -> bool:
    if bound_of(wanted) is not None:
        return True
    return wanted == given if isinstance(wanted, int) else isinstance(given, int)


class Fields(Node):
    """Checked columns, as the program takes them.

    Attributes:
        arrays: One array a field, and one more for the lengths of a ragged field.
        class_names: The classes' names by field, where the data has words or gaps.
    """

    arrays: Mapping[str, Array]
    class_names: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))
