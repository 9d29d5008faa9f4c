"""What an initializer is: a rule for a weight's first value, as a JAX expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.ir import TensorType
from kspec.registry import Definition, Emit, arg, register

__all__ = ["Emit", "Initializer", "arg", "initializer"]

I = TypeVar("I", bound="type[Initializer]")  # noqa: E741


def initializer(name: str) -> Callable[[I], I]:
    """Register an initializer under the name that specs use."""
    return register("initializer", name)


class Initializer(Definition):
    """A rule for a weight's first value."""

    kind: ClassVar[str] = "initializer"
    # Whether all numbers are the same, so that several weights are one of a larger shape.
    even: ClassVar[bool] = False

    def misfit(self, type: TensorType) -> str | None:
        """Why a weight of that type cannot start so, or None. All its axes are integers."""
        del type
        return None

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """The Python expression of the value.

        Args:
            key: The expression of a JAX random key; unused by rules without chance.
            type: The weight's type; all its axes are integers.
            emit: The file.

        Returns:
            An expression over `jax`, `jnp` and helpers.
        """
        raise NotImplementedError
