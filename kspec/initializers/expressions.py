"""Pieces of the expressions that initializers emit."""

from __future__ import annotations

from kspec.ir import JAX_DTYPES, TensorType


def shape(type: TensorType) -> str:
    """`(64, 512)`."""
    return repr(type.shape)


def dtype(type: TensorType) -> str:
    """`jnp.float32`."""
    return f"jnp.{JAX_DTYPES[type.dtype]}"
