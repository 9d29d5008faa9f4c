"""What layers over 1, 2 or 3 axes of places share: how many there are, and sizes along them."""

from __future__ import annotations

from typing import TypeAlias

from kspec.layers.base import Layer, repeat

# One number for all axes, or one an axis.
Sizes: TypeAlias = int | tuple[int, ...]
# What lies before and behind each axis: one number, or one an axis, or a pair an axis.
Margins: TypeAlias = int | tuple[int | tuple[int, int], ...]
Pairs: TypeAlias = tuple[tuple[int, int], ...]


def rank_of(layer: Layer) -> int:
    """The number of axes between batch and channels, by the layer's shape rule."""
    return len(layer.patterns()[0][0].split()) - 2


def bad_sizes(layer: Layer, *names: str, least: int = 1) -> str | None:
    """What is wrong with arguments that give a size an axis, or None."""
    rank = rank_of(layer)
    for name in names:
        given: Sizes | None = getattr(layer, name)
        if given is None:
            continue
        if isinstance(given, tuple) and len(given) != rank:
            wanted = "1 number" if rank == 1 else f"1 number or {rank}"
            return f"{name} must be {wanted}, not {given}"
        if min(repeat(given, rank)) < least:
            return f"{name} must be at least {least}"
    return None


def margins(given: Margins, rank: int) -> Pairs:
    """What lies before and behind each axis; a single axis takes `(before, behind)` itself."""
    if isinstance(given, int):
        return ((given, given),) * rank
    pairs = tuple((each, each) if isinstance(each, int) else each for each in given)
    return ((pairs[0][0], pairs[1][0]),) if rank == 1 else pairs


def bad_margins(name: str, given: Margins, rank: int) -> str | None:
    """What is wrong with an argument that gives margins, or None."""
    if isinstance(given, tuple):
        flat = all(isinstance(each, int) for each in given)
        if rank == 1 and (len(given) != 2 or not flat):
            return f"{name} must be 1 number or 2, not {given}"
        if rank > 1 and len(given) != rank:
            return f"{name} must be 1 number, or {rank} numbers or pairs, not {given}"
    if min(min(pair) for pair in margins(given, rank)) < 0:
        return f"{name} must not be negative"
    return None
