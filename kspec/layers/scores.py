"""Pieces of attention: masks, softmax, the mixture of the values."""

from __future__ import annotations

import math

from kspec.ir import Builder, Dim, TensorType, TypeRuleError, Value

LARGE = -1e9  # Keras' score of what is masked, in f32


def combined_mask(
    b: Builder,
    query: Value,
    key: Value,
    masks: tuple[Value | None, Value | None, Value | None],
    given: Value | None,
    causal: bool,
    window: int | None,
    *,
    explicit: bool = False,
) -> tuple[Value | None, bool]:
    """All masks in one, and whether a causal one is left to the op of attention.

    Args:
        b: The builder.
        query: `[..., steps, heads, size]` or `[B, steps, size]`.
        key: The same with its own number of steps.
        masks: `bool[B,T]` of query, value and key.
        given: `bool[B,steps,keys]` from the call.
        causal: Whether a step sees itself and earlier ones alone.
        window: How near a key must be.
        explicit: Whether a causal mask is always written out.

    Returns:
        `bool[B or 1, steps or 1, keys]`.
    """
    found: list[Value] = []
    places = (2, 1, 1)
    for mask, axis in zip(masks, places, strict=True):
        if mask is not None:
            found.append(b.op("expand_dims", mask, axis=axis, hint=mask.hint))
    if causal and not found and given is None and window is None and not explicit:
        return None, True
    if causal or window is not None:
        found += _by_place(b, _steps(query), _steps(key), causal, window)
    if given is not None:
        found.append(given)
    if not found:
        return None, False
    total = found[0]
    for mask in found[1:]:
        total = b.op("logical_and", total, mask, hint="allowed")
    return total, False


def _by_place(b: Builder, steps: Dim, keys: Dim, causal: bool, window: int | None) -> list[Value]:
    """Masks that depend on the places of step and key alone: `bool[1,steps,keys]`."""
    found: list[Value] = []
    with b.at(b.span, "allowed"):
        rows = b.op("expand_dims", b.op("iota", size=steps), axis=1)
        columns = b.op("expand_dims", b.op("iota", size=keys), axis=0)
        if causal:
            here = b.op("greater_equal", rows, columns)
            found.append(b.op("expand_dims", here, axis=0))
        if window is not None:
            distance = b.op("abs", b.op("subtract", rows, columns))
            near = b.op("less", distance, b.constant(window, "i32"))
            found.append(b.op("expand_dims", near, axis=0))
    return found


def _steps(x: Value) -> Dim:
    return x.type.shape[-3] if x.type.rank > 3 else x.type.shape[1]


def softmax_of(b: Builder, scores: Value, mask: Value | None, lower: float) -> Value:
    """The softmax over keys, the scores of what is masked lowered first."""
    if mask is not None:
        lowered = b.op("subtract", scores, b.constant(lower))
        scores = b.op("select", mask, scores, lowered)
    return b.op("softmax", scores, axis=scores.type.rank - 1)


def attend(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    mask: Value | None,
    causal: bool,
    scale: float,
    dropout: float,
    plain: bool,
) -> tuple[Value, Value | None]:
    """The mixture of the values, and the attention where it is asked for.

    Args:
        b: The builder.
        query: `[..., steps, heads, size]`.
        key: `[..., keys, heads, size]`.
        value: `[..., keys, heads, size]`.
        mask: `bool[B,steps,keys]`, true where a step sees a key.
        causal: Whether a step sees itself and earlier ones alone, beside the mask.
        scale: The factor of the scores.
        dropout: The fraction of the attention to drop.
        plain: Whether one op does it all: no dropout, and nobody asks for the attention.
    """
    if plain:
        operands = (query, key, value)
        if mask is not None:
            operands = (*operands, b.op("expand_dims", mask, axis=1, hint=mask.hint))
        return b.op("dot_product_attention", *operands, scale=scale, causal=causal), None
    if causal:
        mask, _ = combined_mask(b, query, key, (None, None, None), None, True, None, explicit=True)
    lead = "abcd"[: query.type.rank - 3]
    scaled = b.op("multiply", query, b.constant(scale))
    scores = b.op("einsum", scaled, key, equation=f"{lead}tnh,{lead}snh->{lead}nts", hint="scores")
    with b.at(b.span, "scores"):
        if mask is not None:
            for _ in range(scores.type.rank - mask.type.rank):
                mask = b.op("expand_dims", mask, axis=mask.type.rank - 2)
            scores = b.op("select", mask, scores, b.constant(LARGE))
        attention = b.op("softmax", scores, axis=scores.type.rank - 1)
        if mask is not None:
            attention = b.op("select", mask, attention, b.constant(0.0))
        kept = attention
        if dropout:
            key_ = b.op("random_key", hint="key")
            drawn = b.op("dropout_with_key", attention, key_, rate=dropout)
            kept = b.op("where_training", drawn, attention)
    y = b.op("einsum", kept, value, equation=f"{lead}nts,{lead}snh->{lead}tnh")
    return y, attention


def flat(b: Builder, x: Value, axes: tuple[int, ...]) -> Value:
    """The axes of steps as one, behind the other axes but the features."""
    rank = x.type.rank
    if axes == (rank - 2,):
        return x
    rest = [axis for axis in range(rank - 1) if axis not in axes]
    x = b.op("transpose", x, permutation=(*rest, *axes, rank - 1))
    sizes = [size for size in x.type.shape[len(rest) : rank - 1] if isinstance(size, int)]
    if len(sizes) != len(axes):
        raise TypeRuleError(f"the axes {axes} of {x.type} must have fixed sizes")
    shape = (*x.type.shape[: len(rest)], math.prod(sizes), x.type.shape[-1])
    return b.op("reshape", x, shape=shape)


def unflat(b: Builder, y: Value, query: TensorType, axes: tuple[int, ...]) -> Value:
    """Undo `flat` for the result, whose last axes may be others."""
    rank = query.rank
    if axes == (rank - 2,):
        return y
    rest = [axis for axis in range(rank - 1) if axis not in axes]
    ends = y.type.shape[len(rest) + 1 :]
    steps = [query.shape[axis] for axis in axes]
    y = b.op("reshape", y, shape=(*y.type.shape[: len(rest)], *steps, *ends))
    order = [*rest, *axes]
    back = [order.index(axis) for axis in range(rank - 1)]
    return b.op("transpose", y, permutation=(*back, *range(rank - 1, y.type.rank)))
