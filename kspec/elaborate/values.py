"""What an expression can mean while a spec is read.

Numbers, strings, booleans, `none`, tuples and lists are Python's own. The classes here
are the rest: tensors of the program, and the things that wait for tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from kspec.diagnostics import Span
from kspec.diagnostics.record import Node
from kspec.ir import Value
from kspec.ir.extern import ExternType
from kspec.registry import Compound
from kspec.scripts import Script
from kspec.syntax.tree import ModelDecl

if TYPE_CHECKING:
    from kspec.elaborate.scope import Scope


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the program being built, and the text that made it.

    Attributes:
        value: The value.
        span: The text.
        mask: `bool[B,T]`, false for time steps that are padding; None where there is none.
    """

    value: Value
    span: Span
    mask: Value | None = None


class Quantity(Node):
    """A number with a unit: `80%`."""

    value: int | float
    unit: str

    def __str__(self) -> str:
        return f"{self.value}{self.unit}"


class Dimension(Node):
    """The size of an axis that is not known while compiling: `T`."""

    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """One argument of a call: its name if it has one, its meaning, their places."""

    name: str | None
    name_span: Span | None
    value: Meaning
    span: Span

    @property
    def place(self) -> Span:
        """Where the argument is named; the value's place for one without a name."""
        return self.name_span or self.span


@dataclass(frozen=True, slots=True)
class Ref:
    """A bare name that nothing in the spec binds: the vocabulary may know it."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call of a vocabulary name that has no operands: `dense(10)`, `rmsprop(1e-3)`."""

    name: str
    name_span: Span
    args: tuple[Given, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class OwnName:
    """`name="first"`: what the author calls the weights of a layer, and where."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class BlockValue:
    """A block or model, with arguments if any were given, not yet applied.

    Attributes:
        decl: The declaration.
        args: The arguments.
        span: Where it is named.
        home: The names that its file sees.
        own_name: What `name="..."` calls its weights.
    """

    decl: ModelDecl
    args: tuple[Given, ...]
    span: Span
    home: Scope = field(compare=False)
    own_name: OwnName | None = None


@dataclass(frozen=True, slots=True)
class Extern:
    """A function of a Python file.

    Attributes:
        name: The function.
        type: What it takes and gives.
        script: The file.
        declared: Where the spec says so.
        span: Where it is named.
    """

    name: str
    type: ExternType
    script: Script
    declared: Span
    span: Span


class Chain(Node):
    """`embedding(vocab, 128) -> lstm(64)`: layers in a row that lack their operand."""

    parts: tuple[Meaning, ...]
    span: Span


class Shared(Node):
    """One set of weights under one name.

    Attributes:
        name: The name.
        path: Where the weights live.
        template: The layer.
        span: Where it is named.
        args: What this call of it says: tensors by name, and modes.
    """

    name: str
    path: str
    template: Meaning
    span: Span
    args: tuple[Given, ...] = ()


class Fields(Node):
    """`{ train: 80%, test: 20% }`: a record, its values by key and their places."""

    values: Mapping[str, Meaning]
    spans: Mapping[str, Span]


Plain: TypeAlias = int | float | bool | str | None
Thing: TypeAlias = (
    Tensor
    | Quantity
    | Dimension
    | Ref
    | Invocation
    | BlockValue
    | Extern
    | Chain
    | Shared
    | Fields
    | Compound
)
Meaning: TypeAlias = "Plain | Thing | tuple[Meaning, ...] | list[Meaning]"

MOST_ELEMENTS: Final = 10_000  # of a tuple or list, those inside included
LAYER_LIKE = (Ref, Invocation, BlockValue, Extern, Chain, Shared)


def describe(value: Meaning) -> str:
    """A few words for a message: `the number 3`, `a tensor f32[B,10]`."""
    match value:
        case None | bool():
            return {None: "none", True: "true", False: "false"}[value]
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the string "{value}"'
        case tuple() | list():
            name = type(value).__name__
            if all(isinstance(item, (int, float)) for item in value) and value:
                return f"the {name} ({', '.join(map(describe_number, value))})"
            items = ", ".join(describe(item) for item in value)
            return f"a {name} of {items}" if items else f"an empty {name}"
        case _:
            return _describe_thing(value)


def describe_number(value: object) -> str:
    """A number or switch as a spec would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _describe_thing(value: Thing) -> str:
    match value:
        case Quantity():
            return f"the number {value}"
        case Tensor():
            return f"a tensor {value.value.type}"
        case Ref() | Invocation() | Shared() | Extern():
            return f"`{value.name}`"
        case BlockValue():
            return f"`{value.decl.name}`"
        case Dimension():
            return f"the dimension {value.name}"
        case Chain():
            return "layers that lack their operand"
        case Fields():
            return "a record"
        case Compound():
            return f"`{value}`"


def elements(items: list[Meaning], most: int) -> int:
    """How many elements a tuple or list has, those of the ones in it included, up to `most`."""
    count = 0
    for item in items:
        inner = elements(list(item), most - count) if isinstance(item, (tuple, list)) else 0
        count += 1 + inner
        if count > most:
            break
    return count
