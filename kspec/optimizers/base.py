"""What an optimizer is: Keras' arguments, written as an Optax transformation."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.registry import Definition, Emit, arg, register

__all__ = ["Emit", "Optimizer", "arg", "optimizer"]

O = TypeVar("O", bound="type[Optimizer]")  # noqa: E741


def optimizer(name: str) -> Callable[[O], O]:
    """Register an optimizer under the name that specs use."""
    return register("optimizer", name)


class Optimizer(Definition):
    """A rule that turns gradients into updates."""

    kind: ClassVar[str] = "optimizer"

    def emit(self, emit: Emit) -> str:
        """The Python expression of an `optax.GradientTransformation`."""
        raise NotImplementedError
