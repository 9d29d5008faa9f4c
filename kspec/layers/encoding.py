"""Numbers of categories as vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import Layer, Masked, Named, arg, layer, to_float
from kspec.registry import Example


def encode(b: Builder, numbers: Value, mode: str, depth: int) -> Value:
    """Numbers as a layer's `output_mode` has them.

    Args:
        b: The builder.
        numbers: `i32[B]` or `i32[B,n]`, or of any shape for `int` and `one_hot`. Those outside
            of 0 to depth are no category.
        mode: `int`, `one_hot`, `multi_hot` or `count`.
        depth: How many categories there are.
    """
    if mode == "int":
        return numbers
    rank = numbers.type.rank
    if mode == "one_hot":
        if rank > 1 and numbers.type.shape[-1] == 1:
            numbers = b.op("squeeze", numbers, axis=rank - 1)
        return b.op("one_hot", numbers, depth=depth)
    if rank == 1:
        numbers = b.op("expand_dims", numbers, axis=1)
    return b.op("count_categories", numbers, depth=depth, most=int(mode == "multi_hot"))


def encoding_misfit(mode: str, type: TensorType) -> str | None:
    """Why numbers of a shape cannot be encoded so, or None."""
    if mode in ("int", "one_hot") or type.rank <= 2:
        return None
    return (
        f"{mode} takes one category an example, or a row of them, not {type}\n"
        "`reshape((-1,))` makes a row, and `output_mode=one_hot` a vector of each"
    )


@final
@layer("category_encoding")
class CategoryEncoding(Layer):
    """Numbers of categories as vectors: one for each, or one for all of an example.

    `one_hot` gives each number its vector; an axis of size 1 at the end becomes the vector.
    `multi_hot` gives an example 1 for each category that is among its numbers, and `count`
    how often it is. Numbers outside of 0 to num_tokens are no category.
    """

    example = Example("x -> category_encoding(5)", x="i32[4]")

    shape = "batch *numbers -> batch *numbers"
    keywords = ("count_weights",)

    num_tokens: int = arg(doc="How many categories there are: 0 up to num_tokens - 1.")
    output_mode: Literal["multi_hot", "one_hot", "count"] = arg(
        default="multi_hot", doc="What is made of the numbers."
    )

    def check(self) -> str | None:
        """There is a category."""
        return None if self.num_tokens > 0 else "num_tokens must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Integers, in a row."""
        if operands[0].dtype[0] not in "iu":
            return f"it takes numbers of categories, not {operands[0]}\n`cast(x, i32)` makes some"
        return encoding_misfit(self.output_mode, operands[0])

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One op, or one with weights."""
        numbers = operands[0].value
        given = named.get("count_weights", ())
        if not given:
            return (Masked(encode(b, numbers, self.output_mode, self.num_tokens)),)
        if self.output_mode != "count":
            raise TypeRuleError("count_weights are for `output_mode=count`")
        weight = to_float(b, given[0].value)
        if numbers.type.rank == 1:
            numbers, weight = (b.op("expand_dims", x, axis=1) for x in (numbers, weight))
        depth = self.num_tokens
        return (Masked(b.op("count_categories", numbers, weight, depth=depth, most=0)),)
