"""What an activation is: a function of one tensor, from numbers to as many, but for `glu`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.ir import Builder, Value
from kspec.registry import Definition, arg, register

__all__ = ["Activation", "activation", "arg"]

A = TypeVar("A", bound="type[Activation]")


def activation(name: str) -> Callable[[A], A]:
    """Register an activation under the name that specs use."""
    return register("activation", name)


class Activation(Definition):
    """A function of one tensor.

    It keeps the shape, unless it says otherwise: where a layer applies one, the type of the
    layer's result is that of the activation's.
    """

    kind: ClassVar[str] = "activation"

    def lower(self, b: Builder, x: Value) -> Value:
        """Write the function in IR ops."""
        raise NotImplementedError
