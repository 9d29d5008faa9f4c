"""What a regularizer is: one number from a tensor, added to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.ir import Builder, Value
from kspec.registry import Definition, arg, register

__all__ = ["Regularizer", "arg", "regularizer"]

R = TypeVar("R", bound="type[Regularizer]")


def regularizer(name: str) -> Callable[[R], R]:
    """Register a regularizer under the name that specs use."""
    return register("regularizer", name)


class Regularizer(Definition):
    """A penalty on a weight, or on the result of a layer."""

    kind: ClassVar[str] = "regularizer"

    def misfit(self, rank: int) -> str | None:
        """Why it does not take a tensor of that rank, or None."""
        del rank
        return None

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the penalty, `f32[]`, of a tensor of any shape in IR ops."""
        raise NotImplementedError
