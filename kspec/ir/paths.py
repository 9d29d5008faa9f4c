"""Selectors over the paths of weights: which weights a text with `*` and `**` means."""

from __future__ import annotations


def matches(parts: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a selector means a weight, or something that the weight is in.

    `*` stands for one part of a path, `**` for any number of parts. The parts that may come
    next are followed all at once, so that no selector takes long.
    """
    states = _closed({0}, parts)
    for word in path:
        if len(parts) in states:
            return True
        stay = {at for at in states if parts[at] == "**"}
        states = _closed(stay | {at + 1 for at in states if parts[at] in ("*", word)}, parts)
    return len(parts) in states


def _closed(states: set[int], parts: tuple[str, ...]) -> set[int]:
    """With the parts behind each `**`, which may stand for nothing."""
    found: set[int] = set()
    for at in states:
        found.add(at)
        while at < len(parts) and parts[at] == "**":
            at += 1
            found.add(at)
    return found
