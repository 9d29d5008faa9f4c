"""What a layer is: a signature, a shape rule, weights, and a lowering to IR ops.

A shape rule is written as axes with names, `*name` for any number of them:

    shape = "*batch in -> *batch units"

Names on the left are bound to the operand's axes; on the right they must be bound, or
be the name of an integer argument, or come from `dims`. Weights name their axes with
the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, TypeVar

from kspec.initializers.base import Initializer
from kspec.ir import Builder, Dim, Shape, TensorType, Value
from kspec.registry import Definition, arg, register

__all__ = [
    "Dims",
    "Layer",
    "WeightSpec",
    "arg",
    "layer",
    "match_shape",
    "repeat",
    "resolve_shape",
    "to_float",
]

Dims: TypeAlias = Mapping[str, "Dim | Shape"]
L = TypeVar("L", bound="type[Layer]")


def layer(name: str) -> Callable[[L], L]:
    """Register a layer under the name that specs use."""
    return register("layer", name)


@dataclass(frozen=True, slots=True)
class WeightSpec:
    """A weight that a layer needs.

    Attributes:
        shape: Names as in the layer's shape rule, `"in units"`, or the sizes themselves.
        initializer: How it starts.
        trainable: False for statistics that the step carries.
    """

    shape: str | tuple[int, ...]
    initializer: Initializer
    trainable: bool = True


class Layer(Definition):
    """A function of tensors with weights of its own.

    Attributes:
        shape: The shape rule, one pattern an operand, comma between: `"a, a -> a"`. A
            layer with `variadic` set gives one pattern for all of its operands.
        variadic: Whether it takes any number of operands, at least two.
    """

    kind: ClassVar[str] = "layer"
    shape: ClassVar[str]
    variadic: ClassVar[bool] = False

    def dims(self, dims: Dims) -> Dims:
        """Sizes of the right-hand names that no operand or argument gives."""
        del dims
        return {}

    def misfit(self, *operands: TensorType) -> str | None:
        """Why operands whose ranks fit still do not, or None.

        A second line says what to write instead.
        """
        del operands
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The weights, by the last part of their paths."""
        del dims
        return {}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Write the layer in IR ops. Weights come by their names."""
        raise NotImplementedError

    @classmethod
    def patterns(cls) -> tuple[tuple[str, ...], str]:
        """The shape rule's operands and its result."""
        left, right = cls.shape.split("->")
        return tuple(part.strip() for part in left.split(",")), right.strip()


def match_shape(pattern: str, shape: Shape, known: Dims) -> Dims | None:
    """Bind a pattern's names to a shape's axes, or None where they do not meet.

    Args:
        pattern: Such as `"batch height width channels"` or `"*batch in"`.
        shape: The axes.
        known: Names that are bound already and must agree.
    """
    words = pattern.split()
    stars = [i for i, word in enumerate(words) if word.startswith("*")]
    if len(shape) < len(words) - len(stars) or (not stars and len(shape) != len(words)):
        return None
    cut = stars[0] if stars else len(words)
    tail = len(words) - cut - 1 if stars else 0
    bound: dict[str, Dim | Shape] = dict(known)
    pairs: list[tuple[str, Dim | Shape]] = list(zip(words[:cut], shape[:cut], strict=True))
    if stars:
        pairs.append((words[cut][1:], shape[cut : len(shape) - tail]))
        pairs += zip(words[cut + 1 :], shape[len(shape) - tail :], strict=True)
    for word, axis in pairs:
        if (word.isdigit() and int(word) != axis) or bound.setdefault(word, axis) != axis:
            return None
    return bound


def resolve_shape(pattern: str, dims: Dims) -> Shape:
    """The shape that a pattern means. Raises KeyError for a name that nothing binds."""
    shape: list[Dim] = []
    for word in pattern.split():
        if word.isdigit():
            shape.append(int(word))
            continue
        size = dims[word.lstrip("*")]
        shape.extend(size if isinstance(size, tuple) else (size,))
    return tuple(shape)


def to_float(b: Builder, x: Value) -> Value:
    """Integers as f32, floats as they are."""
    return x if x.type.is_float else b.op("cast", x, dtype="f32")


def repeat(size: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    """`3` as `(3, 3)`."""
    return (size,) * count if isinstance(size, int) else size
