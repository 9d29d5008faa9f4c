"""Immutable records with the look of frozen dataclasses, whose classes cost nothing to make.

A dataclass compiles its methods anew for each class. kspec has some two hundred such classes:
one a mistake, one a node of the syntax tree, and what a spec has a few of. They took a third of
the time that `kspec check` took. What it has thousands of, as ops and values, are dataclasses
with slots: these are made twice as fast.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

_MISSING: Any = object()


class Record:
    """Base of records: a class's annotations are its fields, values are defaults.

    Records of one class with equal fields are equal.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()  # the fields in order
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own = [name for name, hint in cls.__annotations__.items() if "ClassVar[" not in str(hint)]
        before = cls.__match_args__
        cls.__match_args__ = (*before, *(name for name in own if name not in before))
        cls._defaults = cls._defaults | {n: vars(cls)[n] for n in own if n in vars(cls)}

    def __init__(self, *args: Any, **values: Any) -> None:
        fields = self.__match_args__
        if len(args) == len(fields) and not values:
            self.__dict__.update(zip(fields, args, strict=True))
            return
        given = dict(zip(fields, args, strict=False))
        if len(args) > len(fields) or given.keys() & values or values.keys() - set(fields):
            raise TypeError(f"{type(self).__name__} takes {', '.join(fields)}, each once")
        given |= values
        for name in fields:
            value = given.get(name, _MISSING)
            if value is _MISSING:
                if name not in self._defaults:
                    raise TypeError(f"{type(self).__name__} lacks {name}")
                value = self._defaults[name]
            self.__dict__[name] = value

    def replace(self, **changes: Any) -> Self:
        """A copy with other values."""
        return type(self)(**{**self.__dict__, **changes})

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({shown})"


@dataclass_transform(frozen_default=True)
class Node(Record):
    """A record whose fields may be given by position."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Keywords(Record):
    """A record whose fields are given by name."""
