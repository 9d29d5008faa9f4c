"""What a data source is: named columns of rows, read by row numbers.

NumPy is imported inside functions, so that checking a spec stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, TypeVar

from kspec.diagnostics.record import Node
from kspec.ir import Shape
from kspec.registry import Definition, arg, register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kspec.data.ragged import Ragged

    Array: TypeAlias = NDArray[Any]
    Rows: TypeAlias = NDArray[np.int64]
    Values: TypeAlias = Array | Ragged

__all__ = ["Column", "DataSource", "Table", "arg", "source"]

S = TypeVar("S", bound="type[DataSource]")


def source(name: str) -> Callable[[S], S]:
    """Register a data source under the name that specs use."""
    return register("source", name)


class Column(Node):
    """What a table says of one of its columns.

    Attributes:
        dtype: A dtype of the IR (`u8`, `f32`, ...), or `str`; empty for what no field can be:
            reading it says why.
        shape: The shape of one row; `..7` stands first where rows differ in length, and the
            longest has 7 steps.
        names: What its numbers stand for, where the source knows the classes by name.
        untyped: Whether they are whole by chance, in a format that has one type of numbers.
    """

    dtype: str
    shape: Shape
    names: tuple[str, ...] = ()
    untyped: bool = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of one row of a column whose rows have one length."""
        return tuple(size for size in self.shape if isinstance(size, int))


class Table(Protocol):
    """An open source. Row order is the order of the file and never changes.

    A column whose rows differ in length is read as a `Ragged`: the steps of all rows one behind
    the other, and how many each row has. An `ArrayTable` takes it in the place of an array, so
    that a source with lists needs no more than

        arrays["tokens"] = Ragged(values, lengths)      # or Ragged.of([[5, 6], [], [7, 8, 9]])
    """

    def __len__(self) -> int:
        """The number of rows."""
        ...

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        ...

    def read(self, rows: Rows, columns: tuple[str, ...]) -> Mapping[str, Values]:
        """The rows of those numbers, in that order, stacked; one array or `Ragged` a column."""
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

    def open_leniently(self, folder: Path) -> Table:
        """As `open`, where rows that cannot be read are told by the table, if it is `Unread`.

        Sources that read rows one by one have such tables; what others cannot read is a mistake.
        """
        return self.open(folder)
