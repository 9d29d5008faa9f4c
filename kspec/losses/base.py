"""What a loss is: a number for each example, from what is true and what was predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from kspec.ir import Builder, Value
from kspec.registry import Definition, arg, register

__all__ = ["Loss", "arg", "loss"]

T = TypeVar("T", bound="type[Loss]")


def loss(name: str) -> Callable[[T], T]:
    """Register a loss under the name that specs use."""
    return register("loss", name)


class Loss(Definition):
    """A number for each example (and time step, pixel, ...), not yet averaged.

    A loss defines `lower`. One in which the examples of a batch mix defines `lower_batch`,
    which asks the builder for `examples`, so that rows that only fill the batch up have no say.
    """

    kind: ClassVar[str] = "loss"

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """Write the loss in IR ops.

        Args:
            b: The builder.
            y_true: What is true, as the data field has it: `i32[B]` for a class.
            y_pred: What the model gave, `f32[B,...]`.

        Returns:
            `f32[B,...]`. The training step takes its mean.
        """
        raise NotImplementedError

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """Write the loss in IR ops, knowing which rows are examples.

        Args:
            b: The builder.
            y_true: As for `lower`.
            y_pred: As for `lower`.

        Returns:
            `f32[B,...]`, whose mean over the examples is the loss of the batch.
        """
        return self.lower(b, y_true, y_pred)
