"""Pieces of the expressions that initializers emit."""

from __future__ import annotations

import math

from kspec.ir import JAX_DTYPES, TensorType


def shape(type: TensorType) -> str:
    """`(64, 512)`."""
    return repr(type.shape)


def dtype(type: TensorType) -> str:
    """`jnp.float32`."""
    return f"jnp.{JAX_DTYPES[type.dtype]}"


def row(type: TensorType) -> str:
    """`(32768,)`: as many numbers in a row."""
    return repr((math.prod(map(int, type.shape)),)) if type.rank > 1 else shape(type)


def in_shape(drawn: str, type: TensorType) -> str:
    """`jnp.reshape(drawn, (64, 512))`: what was drawn in a row."""
    return f"jnp.reshape({drawn}, {shape(type)})" if type.rank > 1 else drawn
