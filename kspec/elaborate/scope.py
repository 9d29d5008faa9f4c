"""Names and places: what a name means here, and where new weights go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from kspec.diagnostics import Span
from kspec.elaborate.values import Meaning
from kspec.ir import Builder, Call, TensorType, Value, Weight


class Broken:
    """What a name means whose statement had a mistake: its uses stay quiet."""


BROKEN = Broken()


@dataclass
class Binding:
    """A name's meaning, where it was bound, and whether anything used it.

    Attributes:
        name: The name.
        kind: What was declared, for messages: `name`, `input`, `weight`, ...; empty for
            what needs no use.
    """

    meaning: Meaning | Broken
    span: Span
    name: str = ""
    kind: str = ""
    used: bool = False


@dataclass
class Scope:
    """The names of a block, and those around it.

    Attributes:
        parent: The scope around this one.
        names: The names that are bound here.
        is_round: Whether this is a round of `repeat`: names from around are carried.
        ledger: All bindings of the file that want a use, in their order.
    """

    parent: Scope | None = None
    names: dict[str, Binding] = field(default_factory=dict[str, Binding])
    is_round: bool = False
    ledger: list[Binding] = field(default_factory=list[Binding])

    def __post_init__(self) -> None:
        if self.parent is not None:
            self.ledger = self.parent.ledger

    def bind(self, name: str, meaning: Meaning | Broken, span: Span, kind: str = "") -> None:
        """Give a name a meaning here; an older one in this scope is replaced."""
        self.names[name] = Binding(meaning, span, name, kind)
        if kind:
            self.ledger.append(self.names[name])

    def assign(self, name: str, meaning: Meaning | Broken, span: Span) -> None:
        """Bind a name; in a round of `repeat`, one from around it is bound anew out there."""
        kind = "" if isinstance(meaning, Broken) else "name"
        owner: Scope | None = self
        while owner.is_round and name not in owner.names and owner.parent is not None:
            owner = owner.parent
        (owner if name in owner.names else self).bind(name, meaning, span, kind)

    def find(self, name: str) -> Binding | None:
        """The nearest binding of a name."""
        if name in self.names:
            self.names[name].used = True
            return self.names[name]
        return self.parent.find(name) if self.parent else None

    def visible(self) -> Iterable[str]:
        """All names that `find` finds, nearest first."""
        yield from self.names
        if self.parent:
            yield from self.parent.visible()


class WeightTable:
    """The weights of the program, by path, in the order in which layers asked for them.

    Attributes:
        weights: The weights.
        penalties: What regularizers add to the loss, by the path of a weight, or by
            `activity.1`, `activity.2` for results of layers.
        limits: The ops of the constraints.
        limited: What constraints make of weights, by path.
        layers: The name of each layer that has weights, by its path.
    """

    def __init__(self) -> None:
        self.weights: dict[str, Weight] = {}
        self.penalties: dict[str, Value] = {}
        self.limits = Builder()
        self.limited: dict[str, Value] = {}
        self.layers: dict[str, str] = {}

    def get(self, path: str, type: TensorType, init: Call, trainable: bool) -> Value | None:
        """The weight at a path, made if it is new; None if it is there with another type."""
        if path not in self.weights:
            self.weights[path] = Weight(Value(path, type), init, trainable)
        weight = self.weights[path]
        return weight.value if weight.value.type == type else None


@dataclass
class Place:
    """A prefix of weight paths. Layers without a name of their own are counted here.

    A shared layer is written anew with a fresh `Place` of the same path at each call, so
    that its parts get the same paths again and find the weights that are there.
    """

    path: str = ""
    counts: Counter[str] = field(default_factory=Counter[str])
    given: dict[str, Span] = field(default_factory=dict[str, Span])  # names, and who took them

    def fresh(self, name: str) -> str:
        """`dense`, then `dense_1`, `dense_2`."""
        while True:
            count = self.counts[name]
            self.counts[name] += 1
            if count == 0:
                return name
            numbered = f"{name}_{count}"
            if self.counts[numbered] == 0:
                self.counts[numbered] += 1
                return numbered

    def join(self, name: str) -> str:
        """The path of a name below this place."""
        return f"{self.path}.{name}" if self.path else name

    def inside(self, path: str) -> Place:
        """A fresh place with that path."""
        return Place(path)
