"""The IR: straight-line functions over typed tensors.

    Module -> Func -> Op -> Value

Every node is immutable: a pass builds a new module, it never edits one. Values and
ops compare by identity, so two ops that look alike stay two ops.

A value's name is `hint` or `hint.2`, `hint.3`: the author's word and a version. A
weight's value is named by its path, `encode.dense.kernel`, and is printed with `@`.

A function's results are named: `output.digit`, `loss`, `sum.accuracy.total`,
`update.batch_normalization.moving_mean`. The first word is the result's kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from kspec.diagnostics import Span
from kspec.ir.types import TensorType

FLOAT32: Final = "float32"
Attr: TypeAlias = "int | float | bool | str | tuple[Attr, ...] | Call | None"


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """The result of an op, a function parameter, or a weight."""

    name: str
    type: TensorType

    @property
    def hint(self) -> str:
        """The name without its version."""
        return self.name.split(".")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One line: `%results = name(%args) attrs : types`."""

    name: str
    args: tuple[Value, ...]
    results: tuple[Value, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict[str, Attr])
    span: Span | None = None  # the .kspec text that this op came from
    body: Func | None = None  # what a `scan` or a `map` does over and over

    @property
    def result(self) -> Value:
        """The only result of an op that has one."""
        (value,) = self.results
        return value

    @property
    def uses(self) -> tuple[Value, ...]:
        """Its operands, and what its body takes from around it."""
        return self.args if self.body is None else (*self.args, *self.body.captured)


@dataclass(frozen=True, slots=True)
class Call:
    """A name of the vocabulary with all its arguments: `glorot_uniform()`, `sgd(0.1)`."""

    name: str
    args: Mapping[str, Attr] = field(default_factory=dict[str, Attr])


@dataclass(frozen=True, slots=True)
class Weight:
    """An array that outlives a step: learned, or carried like a moving mean.

    Attributes:
        value: `value.name` is the path in the parameter tree: `dense.kernel`.
        init: The initializer and its arguments.
        trainable: False for statistics, which the step carries but never differentiates.
    """

    value: Value
    init: Call
    trainable: bool = True

    @property
    def path(self) -> str:
        """The weight's path, parts joined by dots."""
        return self.value.name

    @property
    def size(self) -> int:
        """How many numbers it holds; the axes of weights are all known."""
        if self.value.type.is_hosted:
            return 0
        return math.prod(axis for axis in self.value.type.shape if isinstance(axis, int))


@dataclass(frozen=True, slots=True)
class Func:
    """A straight line of ops from parameters to named results."""

    name: str
    params: tuple[Value, ...]
    ops: tuple[Op, ...]
    returns: tuple[tuple[str, Value], ...]

    def with_ops(self, ops: Iterable[Op]) -> Func:
        """The same function with other ops."""
        return replace(self, ops=tuple(ops))

    @property
    def captured(self) -> tuple[Value, ...]:
        """What it uses and does not define: weights, and for a body the values around it."""
        own = {*self.params, *(value for op in self.ops for value in op.results)}
        used = [value for op in self.ops for value in op.uses]
        used += [value for _, value in self.returns]
        return tuple(dict.fromkeys(value for value in used if value not in own))

    @property
    def names(self) -> list[str]:
        """The names of all values that it defines, those in bodies included."""
        values = [*self.params]
        for op in self.walk():
            values += (*op.results, *(op.body.params if op.body else ()))
        return [value.name for value in values]

    def walk(self) -> Iterator[Op]:
        """All ops, those in bodies before the op that has the body."""
        for op in self.ops:
            if op.body is not None:
                yield from op.body.walk()
            yield op

    def result(self, name: str) -> Value:
        """The result of that name. Raises KeyError where there is none."""
        return dict(self.returns)[name]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of training; the next one goes on with its weights.

    Attributes:
        name: Its name; empty where a spec has but one and gives it none.
        epochs: Passes over the training split, at most.
        optimizer: The optimizer with its arguments; common options that are off are left out.
        groups: Other optimizers, each with the paths of the weights that it updates; none of
            them while all that it would update are frozen.
        frozen: The paths of the weights and statistics that stay as they are.
        carries: Whether the optimizer goes on with what it gathered in the phase before.
        callbacks: What acts after an epoch.
    """

    name: str
    epochs: int
    optimizer: Call
    groups: tuple[tuple[Call, tuple[str, ...]], ...] = ()
    frozen: tuple[str, ...] = ()
    carries: bool = False
    callbacks: tuple[Call, ...] = ()

    def named(self, word: str) -> str:
        """The name of its own function of a kind: `train`, or `train_head`."""
        return f"{word}_{self.name}" if self.name else word


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What the step and its loop need to know; passes read their options here.

    Attributes:
        batch: Examples in a batch.
        phases: The parts of training in their order, one at least.
        seed: Of weights, shuffling and every random op.
        shuffle: Whether each epoch has an order of its own.
        loads: Files that weights are read from, each with the path of those weights.
        precision: `float32`, or `mixed_bfloat16` for a model that computes in bfloat16.
        memory: The bytes that training may take on a device; 0 for no limit.
        accumulate: Batches of an update.
        devices: Devices that share each batch.
        choices: What was measured to be faster on this machine, by what passes ask for.
    """

    batch: int
    phases: tuple[Phase, ...]
    seed: int = 0
    shuffle: bool = True
    loads: tuple[tuple[str, str], ...] = ()
    precision: str = FLOAT32
    memory: int = 0
    accumulate: int = 1
    devices: int = 1
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def update(self) -> int:
        """Examples of an update."""
        return self.batch * self.accumulate

    @property
    def share(self) -> int:
        """Examples of a batch that are on one device."""
        return self.batch // self.devices


@dataclass(frozen=True, slots=True)
class Module:
    """A program: its weights, its functions, and how it is trained, if it is."""

    name: str
    weights: tuple[Weight, ...]
    funcs: tuple[Func, ...]
    train: TrainSettings | None = None

    def func(self, name: str) -> Func:
        """The function of that name. Raises KeyError where there is none."""
        return {func.name: func for func in self.funcs}[name]

    def map_funcs(self, fn: Callable[[Func], Func]) -> Module:
        """The module with every function replaced."""
        return replace(self, funcs=tuple(fn(func) for func in self.funcs))
