"""Initializers without chance."""

from __future__ import annotations

from typing import final

from kspec.initializers.base import Emit, Initializer, arg, initializer
from kspec.initializers.expressions import dtype, shape
from kspec.ir import TensorType


@final
@initializer("zeros")
class Zeros(Initializer):
    """All 0."""

    even = True

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`jnp.zeros((10,), jnp.float32)`."""
        return f"jnp.zeros({shape(type)}, {dtype(type)})"


@final
@initializer("ones")
class Ones(Initializer):
    """All 1."""

    even = True

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`jnp.ones((10,), jnp.float32)`."""
        return f"jnp.ones({shape(type)}, {dtype(type)})"


@final
@initializer("constant")
class Constant(Initializer):
    """All one value."""

    even = True

    value: float = arg(default=0.0, doc="The value.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`jnp.full((10,), 0.5, jnp.float32)`."""
        return f"jnp.full({shape(type)}, {self.value!r}, {dtype(type)})"


@final
@initializer("identity")
class Identity(Initializer):
    """The identity matrix, scaled."""

    gain: float = arg(default=1.0, doc="The value on the diagonal.")

    def misfit(self, type: TensorType) -> str | None:
        """Only matrices have a diagonal."""
        return None if type.rank == 2 else f"it is for matrices, not {type}"

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`0.5 * jnp.eye(3, 4, dtype=jnp.float32)`."""
        rows, columns = type.shape
        return f"{self.gain!r} * jnp.eye({rows}, {columns}, dtype={dtype(type)})"
