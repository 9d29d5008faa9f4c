"""The names that are meant: the nearest of the names that would have been right."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to a name, if it is near enough.

    The same letters in another case always are; otherwise a third of the name's letters
    may differ, so that names of one or two letters are like no other.
    """
    known = sorted(set(candidates) - {name})
    for candidate in known:
        if candidate.lower() == name.lower():
            return candidate
    limit = len(name) // 3
    ranked = [(distance(name.lower(), each.lower(), limit), each) for each in known]
    near = [(far, each) for far, each in ranked if far <= limit]
    return min(near)[1] if near else None


def distance(a: str, b: str, limit: int) -> int:
    """Edits from `a` to `b`, swaps of neighbours counted once; above `limit` it is cut off."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
