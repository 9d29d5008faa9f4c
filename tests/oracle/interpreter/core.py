"""Evaluate ops forwards, and take gradients backwards through what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from kspec.ir import FLOATS, Func, Op, TensorType, Value

Array: TypeAlias = "np.ndarray[Any, Any]"
Env: TypeAlias = dict[Value, Array]
# From the gradients of an op's results to those of its operands; None where there is none.
Back: TypeAlias = Callable[..., Sequence["Array | None"]]
Rule: TypeAlias = Callable[[Op, "list[Array]", "Context"], "tuple[tuple[Array, ...], Back]"]
RULES: Final[dict[str, Rule]] = {}
UNIT: Final = 2.0**-23  # how far apart floats of 32 bits are, beside their size
# Ops that add up: programs round on the way to their results, too.
ADDING: Final = frozenset(
    (
        *("matmul", "einsum", "conv", "causal_conv", "dot_product_attention", "lstm", "gru"),
        *("sum", "mean", "avg_pool", "softmax", "log_softmax"),
        *("batch_norm", "layer_norm", "group_norm", "rms_norm", "unit_norm"),
    )
)


class UnknownOp(NotImplementedError):
    """An op, or an option of one, that the interpreter has no rule for."""


class Draws(Protocol):
    """What the program's random ops draw: an input of the interpreter, like a batch.

    A place is the number of a `random_key` among those that training needs, in their order,
    and the numbers of the rounds around it.
    """

    def bernoulli(self, place: tuple[int, ...], chance: float, shape: tuple[int, ...]) -> Array:
        """True with a chance, for each element."""
        ...

    def normal(self, place: tuple[int, ...], shape: tuple[int, ...]) -> Array:
        """Normal draws."""
        ...


@dataclass
class Aside:
    """What an interpretation is asked for beside its results.

    Attributes:
        noise: Where it is given, the results of ops and their gradients are rounded to one of the
            two floats of 32 bits around them, whichever it draws, and what is added up in an op,
            and its sum, is off by up to one (Parker, Monte Carlo Arithmetic, 1997): how far results
            then are from the exact ones is how far rounding may bring them.
        cut: Whether a crossentropy has met probabilities that it cuts off.
    """

    noise: np.random.Generator | None = None
    cut: bool = False

    def operands(self, op: Op, given: Sequence[Array]) -> list[Array]:
        """Operands of an op or gradients of its results, those that are added up off by noise."""
        if self.noise is None or op.name not in ADDING:
            return list(given)
        return [self.added(each) if each.dtype == np.float64 else each for each in given]

    def added(self, value: Array) -> Array:
        """What is added up within an op, or its sum, off by noise."""
        if self.noise is None:
            return value
        return value * (1 + UNIT * self.noise.uniform(-1, 1, value.shape))

    def rounded(self, value: Array) -> Array:
        """The value, or its floats rounded at random."""
        if self.noise is None or value.dtype != np.float64:
            return value
        with np.errstate(over="ignore", invalid="ignore"):
            near = value.astype(np.float32)
            beyond = np.nextafter(near, np.where(near < value, np.inf, -np.inf), dtype=np.float32)
        other = (near != value) & (self.noise.random(value.shape) < 0.5)
        return np.where(other, beyond, near).astype(np.float64)


@dataclass
class Context:
    """What holds for a whole evaluation.

    Attributes:
        mode: `train`, `eval` or `predict`.
        sizes: The sizes of axes that have names.
        examples: 1 for each example of the batch, 0 for rows that fill it up.
        frozen: The paths of weights that stay as they are.
        draws: What random ops draw.
        moving: What training makes of moving statistics, by path.
        places: The numbers of the `random_key` ops.
        aside: What is asked for beside results.
    """

    mode: str
    sizes: dict[str, int]
    examples: Array | None = None
    frozen: frozenset[str] = frozenset()
    draws: Draws | None = None
    moving: dict[str, Array] = field(default_factory=dict)
    places: dict[Op, int] = field(default_factory=dict)
    aside: Aside = field(default_factory=Aside)

    def shape(self, axes: Iterable[int | str]) -> tuple[int, ...]:
        """A shape with the sizes of named axes."""
        return tuple(self.sizes[axis] if isinstance(axis, str) else axis for axis in axes)


class Record:
    """What was evaluated, in order, for the way back."""

    def __init__(self) -> None:
        self.steps: list[Callable[[Grads], None]] = []

    def backward(self, grads: Grads) -> Grads:
        """The gradients of everything, from those of some results."""
        for step in reversed(self.steps):
            step(grads)
        return grads


class Grads(dict[Value, Array]):
    """Gradients that add up, by value."""

    def add(self, value: Value, gradient: Array | None) -> None:
        """Add to the gradient of a value; those that are no floats have none."""
        if gradient is None or value.type.dtype not in FLOATS:
            return
        self[value] = self[value] + gradient if value in self else gradient


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter the rule of one op or several."""

    def enter(made: Rule) -> Rule:
        for name in names:
            assert name not in RULES, name
            RULES[name] = made
        return made

    return enter


def as_array(value: Any, type: TensorType) -> Array:
    """Numbers as the interpreter has them: float64, int64, or truth values."""
    if type.dtype in ("bf16", "f16"):
        raise UnknownOp(f"the interpreter has no {type.dtype}")
    kind = {"f32": np.float64, "bool": np.bool_}.get(type.dtype, np.int64)
    return np.asarray(value, kind)


def evaluate(ops: Iterable[Op], env: Env, context: Context) -> Record:
    """Evaluate ops in order; their results come into `env`.

    Raises:
        UnknownOp: One has no rule.
    """
    record = Record()
    for op in ops:
        if op.body is not None:
            record.steps.append(_region(op, env, context))
            continue
        if op.name not in RULES:
            raise UnknownOp(f"the interpreter has no rule for {op.name}")
        args = context.aside.operands(op, [env[value] for value in op.args])
        results, back = RULES[op.name](op, args, context)
        results = tuple(
            context.aside.rounded(made) if isinstance(made, np.ndarray) else made
            for made in results
        )
        for value, made in zip(op.results, results, strict=True):
            if isinstance(made, np.ndarray):
                expected = context.shape(value.type.shape)
                assert made.shape == expected, f"{op.name}: {made.shape} for {value.type}"
            env[value] = made
        record.steps.append(_step(op, results, back, context.aside))
    return record


def _step(op: Op, results: Sequence[Array], back: Back, aside: Aside) -> Callable[[Grads], None]:
    def step(grads: Grads) -> None:
        if not any(value in grads for value in op.results):
            return
        pairs = zip(op.results, results, strict=True)
        given = [grads.pop(v) if v in grads else np.zeros_like(made) for v, made in pairs]
        for value, gradient in zip(op.args, back(*aside.operands(op, given)), strict=True):
            grads.add(value, None if gradient is None else aside.rounded(np.asarray(gradient)))

    return step


def _region(op: Op, env: Env, context: Context) -> Callable[[Grads], None]:
    """An op with a body: the rounds one by one, each with a record of its own."""
    from tests.oracle.interpreter.regions import REGIONS

    if op.name not in REGIONS:
        raise UnknownOp(f"the interpreter has no rule for {op.name}")
    return REGIONS[op.name](op, env, context)


def live(ops: Sequence[Op], wanted: Iterable[Value]) -> list[Op]:
    """The ops that some values need."""
    needed = set(wanted)
    kept: list[Op] = []
    for op in reversed(ops):
        if needed.isdisjoint(op.results):
            continue
        kept.append(op)
        needed.update(op.uses)
    return kept[::-1]


def walk(ops: Iterable[Op]) -> Iterable[Op]:
    """All ops, with those of bodies, first the ones of the body."""
    for op in ops:
        if op.body is not None:
            yield from walk(live(op.body.ops, (value for _, value in op.body.returns)))
        yield op


def bind(func: Func, fields: Mapping[str, Any]) -> tuple[Env, dict[str, int]]:
    """The parameters of a function as arrays, and the sizes of their named axes."""
    env: Env = {}
    sizes: dict[str, int] = {}
    for value in func.params:
        if value.name not in fields:
            continue
        env[value] = as_array(fields[value.name], value.type)
        for axis, size in zip(value.type.shape, env[value].shape, strict=True):
            if isinstance(axis, str):
                assert sizes.setdefault(axis, size) == size, f"two sizes of {axis}"
    return env, sizes


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of an operand that was broadcast: summed over what was repeated."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, size in enumerate(shape) if size == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=axes, keepdims=True) if axes else gradient
