"""Means over the examples of a batch, and over their time steps that count."""

from __future__ import annotations

from kspec.elaborate.values import Tensor
from kspec.ir import Builder, Value


def per_example(builder: Builder, tensor: Tensor, examples: Value) -> Value:
    """One number an example: the mean over time steps, pixels and the like.

    With a mask of time steps, the numbers are such that their mean over the examples is
    the mean over all steps of the batch that count, as in Keras.
    """
    b, each, mask = builder, tensor.value, _mask(tensor)
    rest = tuple(range(1, each.type.rank))
    if each.type.rank == 0 or not rest:
        return each
    if not each.type.is_float:
        each = b.op("cast", each, dtype="f32")
    if mask is None:
        return b.op("mean", each, axis=rest)
    if rest[1:]:
        each = b.op("mean", each, axis=rest[1:])
    counts, steps = _steps(b, mask, examples)
    share = b.op("divide_no_nan", b.op("sum", examples, axis=(0,)), steps, hint=mask.hint)
    total = b.op("sum", b.op("multiply", each, counts), axis=(1,))
    return b.op("multiply", total, share)


def _mask(tensor: Tensor) -> Value | None:
    """The mask of its time steps, where it has steps."""
    mask = tensor.mask
    return mask if mask is not None and tensor.value.type.shape[:2] == mask.type.shape else None


def _steps(b: Builder, mask: Value, examples: Value) -> tuple[Value, Value]:
    """1 for each step that counts and 0 for the others, and how many count in the batch."""
    hint = mask.hint
    real = b.op("expand_dims", examples, axis=1, hint=hint)
    counts = b.op("multiply", b.op("cast", mask, dtype="f32", hint=hint), real, hint=hint)
    return counts, b.op("sum", counts, axis=(0, 1), hint=f"{hint}_steps")


def masked_mean(
    builder: Builder, each: Value, weight: Value, name: str, tensor: Tensor, examples: Value
) -> dict[str, Value]:
    """The sums from which the mean over a split is made.

    Over ragged data it is the mean over all steps, each batch counting by its steps, so that it
    is the same whatever batches were made. With other masks each counts by its examples, as in
    Keras.

    Args:
        builder: Takes the ops.
        each: One number an example, made of `tensor`.
        weight: How much each example counts.
        name: What has these sums.
        tensor: The numbers, which may have axes of time steps and more.
        examples: 1 for each real example of the batch, 0 for padding.
    """
    b = builder
    weighted = b.op("multiply", each, weight, hint=f"{name}_total")
    total = b.op("sum", weighted, axis=(0,), hint=f"{name}_total")
    count = b.op("sum", weight, axis=(0,), hint=f"{name}_count")
    mask = _mask(tensor)
    if mask is not None and _is_ragged(b, mask):
        _, steps = _steps(b, mask, examples)
        share = b.op("divide_no_nan", steps, b.op("sum", examples, axis=(0,)), hint=mask.hint)
        total = b.op("multiply", total, share, hint=f"{name}_total")
        count = b.op("multiply", count, share, hint=f"{name}_count")
    return {"total": total, "count": count}


def step_sums(b: Builder, tensor: Tensor, weight: Value, name: str) -> dict[str, Value] | None:
    """The sums from which a mean over all steps of a split that count is made.

    Args:
        b: Takes the ops.
        tensor: The numbers; None is given back where no mask has a say in them.
        weight: How much each example counts.
        name: What has these sums.
    """
    mask = _mask(tensor)
    if mask is None:
        return None
    each = tensor.value
    if not each.type.is_float:
        each = b.op("cast", each, dtype="f32")
    rest = tuple(range(2, each.type.rank))
    each = b.op("mean", each, axis=rest) if rest else each
    counts, count = _steps(b, mask, weight)
    total = b.op("sum", b.op("multiply", each, counts), axis=(0, 1), hint=f"{name}_total")
    return {"total": total, "count": count}


def _is_ragged(b: Builder, mask: Value) -> bool:
    """Whether lengths have a say in a mask."""
    left = [mask]
    while left:
        maker = b.makers.get(left.pop())
        if maker is not None and maker.name == "length_mask":
            return True
        if maker is not None and maker.name in ("logical_and", "logical_or"):
            left += maker.args
    return False
