"""Tensor types: an element type and a shape.

A shape's axes are integers or names. `B` is the batch axis; other names are the
spec's symbolic dimensions, and `..200` for an axis that is as long as the longest example
of the batch needs, at most 200. Two axes agree when they are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Dim: TypeAlias = int | str
Shape: TypeAlias = tuple[Dim, ...]

BATCH: Final = "B"

# Spelled as JAX's own short names; `key` is a random key. There are none of 64 bits: JAX
# makes them 32 bits wide unless it is told otherwise, and a type must mean what it says.
JAX_DTYPES: Final = {
    "f32": "float32",
    "bf16": "bfloat16",
    "f16": "float16",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "bool": "bool_",
}
Dtype: TypeAlias = Literal[
    "f32", "bf16", "f16", "i8", "i16", "i32", "u8", "u16", "u32", "bool"
]  # the same, for arguments
KEY: Final = "key"
STR: Final = "str"  # text; on the host only
TABLE: Final = "table"  # the entries of a vocabulary; on the host only
FLOATS: Final = ("f32", "bf16", "f16")
INTEGERS: Final = ("i8", "i16", "i32", "u8", "u16", "u32")


@dataclass(frozen=True, slots=True)
class TensorType:
    """`f32[B,28,28]`.

    Attributes:
        dtype: A key of `JAX_DTYPES`, or `key`, `str`, `table`.
        shape: One entry an axis; `()` is a scalar.
    """

    dtype: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"

    @property
    def rank(self) -> int:
        """The number of axes, the batch axis included."""
        return len(self.shape)

    @property
    def is_hosted(self) -> bool:
        """Whether it never gets to the device."""
        return self.dtype in (STR, TABLE)

    @property
    def is_float(self) -> bool:
        """Whether gradients can flow through it."""
        return self.dtype in FLOATS

    @property
    def bound(self) -> int | None:
        """How long a batch of these can be along its first axis, if that is ragged."""
        return bound_of(self.shape[1]) if self.rank > 1 else None

    def with_shape(self, shape: Shape) -> TensorType:
        """The same element type with another shape."""
        return TensorType(self.dtype, shape)

    def with_dtype(self, dtype: str) -> TensorType:
        """The same shape with another element type."""
        return TensorType(dtype, self.shape)


def ragged(bound: int) -> str:
    """The name of an axis of at most `bound` elements: `..200`."""
    return f"..{bound}"


def bound_of(axis: Dim) -> int | None:
    """How long a ragged axis can be; None for any other axis."""
    if isinstance(axis, str) and axis.startswith(".."):
        return int(axis[2:])
    return None
