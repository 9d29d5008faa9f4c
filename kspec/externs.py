"""What the runtime must know of functions of Python files: where each is, and what it is.

The Python files themselves lie beside the program, copied under the names that it imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kspec.ir import TensorType
from kspec.ir.extern import ExternType


@dataclass(frozen=True, slots=True)
class ExternPlan:
    """A function of a Python file that a program calls.

    Attributes:
        path: The file, from the spec's folder.
        function: Its name.
        module: What the copy of the file is called, without `.py`.
        type: What it takes and gives.
        sha256: The hash of the file.
        place: Where the spec names it; None for a place in another file.
        calls: The operands that it gets, for one example, where all their sizes are known.
    """

    path: str
    function: str
    module: str
    type: ExternType
    sha256: str
    place: tuple[int, int] | None
    calls: tuple[tuple[TensorType, ...], ...]

    @property
    def file(self) -> str:
        """The copy of the file."""
        return f"{self.module}.py"

    def as_record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "path": self.path,
            "function": self.function,
            "module": self.module,
            "type": str(self.type),
            "sha256": self.sha256,
            "place": self.place,
            "calls": [[[type.dtype, *type.shape] for type in call] for call in self.calls],
        }

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Self:
        """From JSON. Raises ValueError, KeyError or TypeError for what is none."""
        return cls(
            path=raw["path"],
            function=raw["function"],
            module=raw["module"],
            type=ExternType.read(raw["type"]),
            sha256=raw["sha256"],
            place=None if raw["place"] is None else (raw["place"][0], raw["place"][1]),
            calls=tuple(
                tuple(TensorType(dtype, tuple(shape)) for dtype, *shape in call)
                for call in raw["calls"]
            ),
        )
