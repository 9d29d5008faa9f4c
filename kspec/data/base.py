"""What a data source is: named columns of rows, read by row numbers.

NumPy is imported inside functions, so that checking a spec stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, TypeVar

from kspec.registry import Definition, arg, register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Rows: TypeAlias = NDArray[np.int64]

__all__ = ["Column", "DataSource", "Table", "arg", "source"]

S = TypeVar("S", bound="type[DataSource]")


def source(name: str) -> Callable[[S], S]:
    """Register a data source under the name that specs use."""
    return register("source", name)


@dataclass(frozen=True, slots=True)
class Column:
    """What a table says of one of its columns.

    Attributes:
        dtype: A dtype of the IR (`u8`, `f32`, ...), or `str`.
        shape: The shape of one row.
        names: What its numbers stand for, where the source knows the classes by name.
    """

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()


class Table(Protocol):
    """An open source. Row order is the order of the file and never changes."""

    def __len__(self) -> int:
        """The number of rows."""
        ...

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        ...

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows of those numbers, in that order, stacked; one array a column."""
        ...

    def place(self, row: int, column: str) -> str:
        """Where a value stands, for messages: `iris.csv, line 12`."""
        ...

    def fingerprint(self) -> str:
        """A hash of the content: the same data gives the same text on every machine."""
        ...


class DataSource(Definition):
    """A place that data comes from."""

    kind: ClassVar[str] = "source"

    def open(self, folder: Path) -> Table:
        """Open it. Relative paths start at the spec's folder.

        Raises:
            SpecError: The files are missing or not what they should be.
        """
        raise NotImplementedError
