"""What a layer is: a signature, a shape rule, weights, and a lowering to IR ops.

A shape rule is written as axes with names, `*name` for any number of them:

    shape = "*batch in -> *batch units"

Names on the left are bound to the operand's axes; on the right they must be bound, or
be the name of an integer argument, or come from `dims`. Weights name their axes with
the same words.

Most layers give one tensor and write it in `lower`. Those that give several, or need to
know which time steps count, write `apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias, TypeVar

from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.ir import Builder, Dim, Shape, TensorType, TypeRuleError, Value
from kspec.registry import Definition, arg, register
from kspec.regularizers.base import Regularizer

__all__ = [
    "Dims",
    "Layer",
    "Masked",
    "Named",
    "WeightSpec",
    "arg",
    "inner_specs",
    "inner_weights",
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
        regularizer: The penalty on it, while it learns.
        constraint: What it is brought back to after each update.
        dtype: Its element type; `table` for a vocabulary.
    """

    shape: str | Shape
    initializer: Initializer
    trainable: bool = True
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    dtype: str = "f32"


@dataclass(frozen=True, slots=True)
class Masked:
    """A tensor, and which of its time steps count.

    Attributes:
        value: The tensor.
        mask: `bool[B,T]`, false for padding; None where every step counts.
    """

    value: Value
    mask: Value | None = None


Named: TypeAlias = Mapping[str, tuple[Masked, ...]]


class Layer(Definition):
    """A function of tensors with weights of its own.

    Attributes:
        shape: The shape rule, one pattern an operand, comma between: `"a, a -> a"`. A
            layer with `variadic` set gives one pattern for all of its operands.
        variadic: Whether it takes any number of operands, at least two.
        counts: The numbers of operands that it takes, where not all patterns need one.
        keywords: Arguments of its calls that are tensors, or tuples of them.
        modes: Arguments that each call of a shared one may choose anew.
        numbered: Whether its values are named by its place, `dense_1`, and not by itself.
        masking: What becomes of the first operand's mask: it `drops` it, it `keeps` it,
            or its `apply` `uses` it. Keras calls `keeps` `supports_masking`.
        listed: Arguments that may name a file with one item of their list on each line.
    """

    kind: ClassVar[str] = "layer"
    shape: ClassVar[str]
    variadic: ClassVar[bool] = False
    counts: ClassVar[tuple[int, ...]] = ()
    keywords: ClassVar[tuple[str, ...]] = ()
    modes: ClassVar[tuple[str, ...]] = ()
    numbered: ClassVar[bool] = True
    masking: ClassVar[Literal["drops", "keeps", "uses"]] = "drops"
    listed: ClassVar[tuple[str, ...]] = ()

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

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """The weights, for layers that hold others and need their operands' types."""
        del types
        return self.weights(dims)

    def penalty(self) -> Regularizer | None:
        """The penalty on what it gives, while training."""
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Write the layer in IR ops. Weights come by their names."""
        raise NotImplementedError

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """Write the layer, masks included.

        Args:
            b: The builder.
            operands: What it works on.
            weights: Its weights by their names.
            named: What the call gives for `keywords`.

        Returns:
            Its results, one or more.
        """
        del named
        value = self.lower(b, *(each.value for each in operands), **weights)
        return (Masked(value, operands[0].mask if self.masking == "keeps" else None),)

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


def inner_specs(
    layer: Layer, types: tuple[TensorType, ...], prefix: str = ""
) -> dict[str, WeightSpec]:
    """The weights of a layer inside another, their shapes in sizes.

    Args:
        layer: The inner layer.
        types: The types of its first operands.
        prefix: What their names begin with.

    Raises:
        TypeRuleError: It does not take these operands.
    """
    dims: Dims = {}
    for pattern, type in zip(layer.patterns()[0], types, strict=False):
        matched = match_shape(pattern, type.shape, dims)
        if matched is None:
            raise TypeRuleError(f"`{layer.name}` needs `{pattern}`, and gets {type}")
        dims = matched
    reason = layer.misfit(*types)
    if reason is not None:
        raise TypeRuleError(f"`{layer.name}`: {reason}")
    sizes = {n: v for n in layer.arg_types() if isinstance(v := getattr(layer, n), int)}
    dims = {**sizes, **dims}
    dims = {**dims, **layer.dims(dims)}
    return {
        f"{prefix}{name}": replace(spec, shape=resolve_shape(spec.shape, dims))
        if isinstance(spec.shape, str)
        else spec
        for name, spec in layer.specs(types, dims).items()
    }


def inner_weights(weights: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """The weights whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}


def to_float(b: Builder, x: Value) -> Value:
    """Integers as f32, floats as they are."""
    return x if x.type.is_float else b.op("cast", x, dtype="f32")


def repeat(size: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    """`3` as `(3, 3)`."""
    return (size,) * count if isinstance(size, int) else size
