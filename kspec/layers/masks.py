"""Masks of time steps where several tensors meet."""

from __future__ import annotations

from collections.abc import Sequence

from kspec.ir import Builder, Value


def either(b: Builder, masks: Sequence[Value | None]) -> Value | None:
    """What counts for one of several tensors; None, for all, if one has no mask."""
    different = [mask for mask in dict.fromkeys(masks) if mask is not None]
    if None in masks or not different:
        return None
    merged = different[0]
    for mask in different[1:]:
        merged = b.op("logical_or", merged, mask, hint=merged.hint)
    return merged


def of_elements(b: Builder, mask: Value, x: Value) -> Value:
    """A mask of time steps with axes of size 1 for what the elements of a step have."""
    hint = mask.hint
    while mask.type.rank < x.type.rank:
        mask = b.op("expand_dims", mask, axis=mask.type.rank, hint=hint)
    return mask


def both(b: Builder, left: Value | None, right: Value | None) -> Value | None:
    """What counts for both of two tensors; all does for one without a mask."""
    if left is None or right is None or left is right:
        return left or right
    return b.op("logical_and", left, right, hint=left.hint)
