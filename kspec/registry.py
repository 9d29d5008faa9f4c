"""The vocabulary's frame: definitions, their arguments, and the one table of names.

A layer, loss, metric, optimizer, schedule, initializer, activation or data source is one class
under one decorator. Its fields, made with `arg`, are the signature that users see:

    @final
    @layer("dropout")
    class Dropout(Layer):
        rate: float = arg(doc="The fraction to drop, in [0, 1).")

The directory is the list: `names` imports every module of a kind's package. `lookup` imports
one, found in `kspec/vocabulary.txt`, which `pytest --update-golden` makes: importing all takes
longer than checking a small spec.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar, cast, dataclass_transform

from kspec.ir import Attr, Call

# Kind of name -> the package whose modules define the names of that kind.
PACKAGES: Final = MappingProxyType(
    {
        "layer": "kspec.layers",
        "activation": "kspec.activations",
        "op": "kspec.ops",
        "initializer": "kspec.initializers",
        "regularizer": "kspec.regularizers",
        "constraint": "kspec.constraints",
        "loss": "kspec.losses",
        "metric": "kspec.metrics",
        "optimizer": "kspec.optimizers",
        "schedule": "kspec.schedules",
        "callback": "kspec.callbacks",
        "source": "kspec.data",
    }
)

INDEX: Final = Path(__file__).with_name("vocabulary.txt")
_REQUIRED: Final = object()
_table: dict[str, dict[str, type[Definition]]] = {kind: {} for kind in PACKAGES}
_loaded: set[str] = set()


class Steps(int):
    """The type of arguments that count updates: `1_000`, or `1_000steps`."""


class Angle(float):
    """The type of arguments that are angles, in radians: `20deg`, or `0.35`."""


class Selector(str):
    """The type of arguments that mean weights by their paths: `"**.bias"`."""


class Compound:
    """Base of what an argument can be beside plain values and definitions.

    Attributes:
        words: What it is, for messages.
    """

    words: ClassVar[str]

    def call(self) -> Call:
        """As it stands in the IR."""
        raise NotImplementedError

    @classmethod
    def from_call(cls, call: Call) -> Self:
        """What stands there."""
        raise NotImplementedError

    @classmethod
    def from_record(cls, values: Mapping[str, object]) -> Self | None:
        """What `{ a: 1 }` says, for those that are written so; None where it says nothing."""
        del values
        return None


class Emit(Protocol):
    """What a definition may ask of the file that it is written into."""

    def helper(self, name: str) -> str:
        """Copy `kspec/helpers/<name>.py` into the file; returns the function's name."""
        ...


class Example:
    """How one is used, for readers, where the signature and the shape rule do not show it.

    Attributes:
        use: An expression of a spec: `(query, value) -> attention`.
        results: Names for what it gives, where that is several tensors.
        inputs: The types of the tensors in it, by name.
    """

    def __init__(self, use: str, results: tuple[str, ...] = (), **inputs: str) -> None:
        self.use: Final = use
        self.results: Final = results
        self.inputs: Final = MappingProxyType(inputs)


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a definition.

    Attributes:
        name: Its name.
        default: Its value where a spec gives none; meaningless where `required`.
        doc: What it means.
        last: Whether it stands behind those of subclasses that do not.
        after: The argument behind which it stands; empty for none in particular.
    """

    name: str
    default: object
    doc: str
    last: bool = False
    after: str = ""

    @property
    def required(self) -> bool:
        """Whether a spec must give it."""
        return self.default is _REQUIRED


def arg(*, default: Any = _REQUIRED, doc: str, last: bool = False, after: str = "") -> Any:
    """Declare an argument. Its type is the field's annotation."""
    return Arg("", default, doc, last, after)


def in_order(args: Mapping[str, Arg]) -> tuple[Arg, ...]:
    """Arguments as a signature has them: those that are last behind the others."""
    ordered = sorted(args.values(), key=lambda each: each.last)  # stable

    def depth(each: Arg) -> int:
        """How many arguments it stands behind, one behind the other."""
        return 1 + depth(args[each.after]) if each.after in args else 0

    for each in sorted(args.values(), key=depth):
        if each.after in args:
            ordered.remove(each)
            ordered.insert([other.name for other in ordered].index(each.after) + 1, each)
    return tuple(ordered)


@dataclass_transform(kw_only_default=True, field_specifiers=(arg,))
class Definition:
    """Base of everything that a spec can name.

    Subclasses are abstract (a kind, or a family) or final (a name). Making one checks
    nothing: `kspec.elaborate` has checked the arguments' types against the annotations,
    and `check` says what the types cannot.
    """

    kind: ClassVar[str]
    name: ClassVar[str] = ""
    args: ClassVar[tuple[Arg, ...]] = ()
    noun: ClassVar[str] = ""  # what one is called in messages, where `kind` is not enough
    free_args: ClassVar[bool] = False  # whether arguments of any other name are taken, too
    example: ClassVar[Example | None] = None  # what `kspec layers NAME` shows, of models

    def __init_subclass__(cls) -> None:
        declared = {n: value for n, value in vars(cls).items() if isinstance(value, Arg)}
        own = {name: replace(value, name=name) for name, value in declared.items()}
        # An argument that is declared anew keeps its place.
        inherited = {a.name: own.get(a.name, a) for a in cls.args}
        cls.args = in_order(inherited | own)
        for name in own:
            delattr(cls, name)

    def __init__(self, **values: Any) -> None:
        for spec in type(self).args:
            setattr(self, spec.name, values.pop(spec.name, spec.default))
        self.extra: Mapping[str, Any] = values

    @classmethod
    @cache
    def arg_types(cls) -> Mapping[str, Any]:
        """Each argument's annotation, evaluated: those of other attributes take as long again."""
        names = {spec.name for spec in cls.args}
        hints: dict[str, Any] = {}
        for each in reversed(cls.__mro__):
            own = {n: h for n, h in vars(each).get("__annotations__", {}).items() if n in names}
            there = vars(sys.modules[each.__module__])
            hints |= typing.get_type_hints(SimpleNamespace(__annotations__=own), there)
        return {spec.name: hints[spec.name] for spec in cls.args if spec.name in hints}

    def but(self, **changes: Any) -> Self:
        """The same with other values for some arguments."""
        values = {spec.name: getattr(self, spec.name) for spec in type(self).args}
        return type(self)(**{**values, **changes})

    def check(self) -> str | None:
        """What is wrong with the arguments together, or None: `rate must be in [0, 1)`."""
        return None

    def call(self) -> Call:
        """This definition as it stands in the IR, every argument given."""
        values = {spec.name: _attr(getattr(self, spec.name)) for spec in type(self).args}
        values |= {name: _attr(value) for name, value in self.extra.items()}
        return Call(type(self).name, values)


def _attr(value: object) -> Attr:
    if isinstance(value, (Definition, Compound)):
        return value.call()
    if isinstance(value, (list, tuple)):
        return tuple(_attr(item) for item in cast("tuple[object, ...]", value))
    return cast("Attr", value)


D = TypeVar("D", bound=type[Definition])


def register(kind: str, name: str) -> Callable[[D], D]:
    """Enter a class in the table. Raises ValueError for a name that is taken."""

    def enter(cls: D) -> D:
        if name in _table[kind]:
            raise ValueError(f"two {kind}s are called {name}")
        cls.name = name
        _table[kind][name] = cls
        return cls

    return enter


def names(kind: str) -> Mapping[str, type[Definition]]:
    """All names of a kind with their classes, sorted: whatever was imported first."""
    if kind not in _loaded:
        _loaded.add(kind)
        package = importlib.import_module(PACKAGES[kind])
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{PACKAGES[kind]}.{module.name}")
        _table[kind] = dict(sorted(_table[kind].items()))
    return MappingProxyType(_table[kind])


def lookup(kind: str, name: str) -> type[Definition] | None:
    """The class of that name, or None; of all modules only its own is imported."""
    if kind not in _loaded and name not in _table[kind]:
        module = _modules().get((kind, name))
        if module is None:
            return None
        importlib.import_module(f"{PACKAGES[kind]}.{module}")
    return _table[kind].get(name)


@cache
def _modules() -> Mapping[tuple[str, str], str]:
    """The module of each name, by kind and name."""
    found: dict[tuple[str, str], str] = {}
    for line in INDEX.read_text(encoding="utf-8").splitlines():
        kind, module, *words = line.split()
        found |= {(kind, word): module for word in words}
    return found


def index() -> str:
    """The text of `vocabulary.txt`: a line for each module, with its kind and its names."""
    lines: dict[tuple[str, str], list[str]] = {}
    for kind in PACKAGES:
        for name, cls in names(kind).items():
            lines.setdefault((kind, cls.__module__.rpartition(".")[2]), []).append(name)
    return "".join(f"{' '.join([*key, *words])}\n" for key, words in sorted(lines.items()))


def make(kind: str, call: Call) -> Definition:
    """The definition that a `Call` of the IR stands for. Raises KeyError."""
    cls = lookup(kind, call.name)
    if cls is None:
        raise KeyError(call.name)
    values: dict[str, object] = dict(call.args)
    for name, value in call.args.items():
        if isinstance(value, Call):
            values[name] = _made(cls.arg_types()[name], value)
    return cls(**values)


def _made(hint: object, call: Call) -> object:
    """What a call stands for where an argument takes it, maybe beside other values."""
    for option in typing.get_args(hint) or (hint,):
        if isinstance(option, type) and issubclass(option, Definition):
            return make(option.kind, call)
        if isinstance(option, type) and issubclass(option, Compound):
            return option.from_call(call)
    raise TypeError(f"{hint} takes no call")
