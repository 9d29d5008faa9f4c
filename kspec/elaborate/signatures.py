"""Signatures and types of the vocabulary in a spec's words, for messages and reference."""

from __future__ import annotations

import types
from typing import Final, Literal, Union, cast, get_args, get_origin

from kspec.registry import Angle, Compound, Definition, Selector, Steps

_WORDS: Final[dict[object, str]] = {
    int: "an integer",
    Steps: "a number of steps",
    Angle: "an angle",
    float: "a number",
    bool: "true or false",
    str: "a string",
    Selector: "a path",
    type(None): "none",
}


def describe_type(wanted: object) -> str:
    """An annotation in a spec's words: `an integer or a tuple of 2 integers`."""
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_type(option) for option in get_args(wanted))
    if origin is Literal:
        return " or ".join(f"`{option}`" for option in get_args(wanted))
    if origin is tuple:
        items = get_args(wanted)
        if get_origin(items[0]) in (Union, types.UnionType):
            return f"a tuple, each item {describe_type(items[0])}"
        noun = describe_type(items[0]).split(" ", 1)[-1]
        nouns = " and ".join(f"{each}s" for each in noun.split(" or "))
        return f"a tuple of {nouns}" if ... in items else f"a tuple of {len(items)} {nouns}"
    if isinstance(wanted, type) and issubclass(wanted, Definition):
        noun = wanted.noun or wanted.kind
        return ("an " if noun[0] in "aeio" else "a ") + noun
    if isinstance(wanted, type) and issubclass(wanted, Compound):
        return wanted.words
    return next((words for type, words in _WORDS.items() if type is wanted), f"{wanted!s}")


def sign(cls: type[Definition], most: int | None = None) -> str:
    """The signature as help shows it: `dropout(rate)`, or its first arguments and `...`."""
    parts = [
        spec.name if spec.required else f"{spec.name}={spell(spec.default)}" for spec in cls.args
    ]
    if most is not None and len(parts) > most:
        parts = [*parts[: most - 1], "..."]
    return f"{cls.name}({', '.join(parts)})"


def spell(value: object) -> str:
    """A default as a spec would write it."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, Definition):
        args = [(each.name, getattr(value, each.name), each.default) for each in value.args]
        other = [f"{name}={spell(given)}" for name, given, default in args if given != default]
        return f"{value.name}({', '.join(other)})" if other else value.name
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Compound):
        return str(value)
    if isinstance(value, tuple):
        items = [spell(v) for v in cast("tuple[object, ...]", value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(value)
