"""What a constraint is: a function of a weight, applied after each update."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.ir import Builder, Value
from kspec.registry import Definition, arg, register

__all__ = ["Constraint", "arg", "constraint"]

C = TypeVar("C", bound="type[Constraint]")


def constraint(name: str) -> Callable[[C], C]:
    """Register a constraint under the name that specs use."""
    return register("constraint", name)


class Constraint(Definition):
    """A function of a weight that keeps its shape."""

    kind: ClassVar[str] = "constraint"

    def lower(self, b: Builder, w: Value) -> Value:
        """Write what the weight becomes in IR ops."""
        raise NotImplementedError
