"""Sums of products over named axes. The type rules."""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import Attrs, Types, broadcast, op, require, require_float
from kspec.ir.types import Dim, Shape, TensorType

DOTS = "..."


@op("einsum", required=("equation",))
def _einsum(types: Types, attrs: Attrs) -> Types:
    equation = cast("str", attrs["equation"])
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    require(bool(arrow), f"`{equation}` does not say what it gives: `->` is missing")
    require(len(terms) == len(types), f"`{equation}` is for {len(terms)} tensors")
    first = types[0]
    sizes: dict[str, Dim] = {}
    dots: Shape = ()
    for term, type in zip(terms, types, strict=True):
        require_float(type, "einsum")
        require(type.dtype == first.dtype, f"{first} and {type} have different element types")
        around = _bind(term, type, sizes)
        dots = broadcast(first.with_shape(dots), first.with_shape(around))
    shape: list[Dim] = []
    for letter in _letters(right):
        require(letter == DOTS or letter in sizes, f"`{letter}` stands on the right alone")
        shape.extend(dots if letter == DOTS else (sizes[letter],))
    require(len(set(_letters(right))) == len(_letters(right)), f"`{right}` has a letter twice")
    return (first.with_shape(tuple(shape)),)


def _letters(term: str) -> list[str]:
    """`...ij` as `...`, `i`, `j`."""
    before, dots, after = term.partition(DOTS)
    letters = [*before, *([DOTS] if dots else []), *after]
    bad = [each for each in letters if each != DOTS and not (each.isascii() and each.isalpha())]
    require(not bad, f"`{term}` has a `{''.join(bad)}` among its letters")
    return letters


def _bind(term: str, type: TensorType, sizes: dict[str, Dim]) -> Shape:
    """Give the letters of an operand their sizes; returns what its dots stand for."""
    letters = _letters(term)
    free = type.rank - len(letters) + (DOTS in letters)
    fits = free == 0 if DOTS not in letters else free >= 0
    require(fits, f"`{term}` does not fit {type}: it has {type.rank} axes")
    around: Shape = ()
    place = 0
    for letter in letters:
        if letter == DOTS:
            around = type.shape[place : place + free]
            place += free
            continue
        size = type.shape[place]
        known = sizes.setdefault(letter, size)
        require(known == size, f"`{letter}` is {known} and {size}")
        place += 1
    return around
