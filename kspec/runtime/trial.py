"""Run a program a few steps on random numbers that fit its fields: no data is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from kspec.ir import JAX_DTYPES, KEY, Module, TensorType, bound_of
from kspec.ir.uses import behind_movers, definitions
from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree, updates_of
from kspec.runtime.stacks import unstacked
from kspec.runtime.weights import flatten

Quantities: TypeAlias = "dict[str, NDArray[Any]]"
Batch: TypeAlias = "dict[str, NDArray[Any]]"
FREE: Final = 8  # the size of an axis that may have any
BYTE: Final = 16  # numbers of `u8` fields, such as images, stay below: no softmax gets to 0 or 1
ELSE: Final = 2  # whole numbers of which nothing is known stay below
_PLACES: Final = {"take": (1, 0, 0), "sparse_categorical_crossentropy": (0, 1, -1)}


@dataclass(frozen=True, slots=True)
class Trial:
    """What programs of a spec are given.

    Attributes:
        phases: The names of the phases of training.
        batches: The fields of each update, then of the next phase's.
        masks: Which rows are examples; in every other batch the last ones are not.
        updates: The updates of a phase.
    """

    phases: tuple[str, ...]
    batches: tuple[Batch, ...]
    masks: tuple[NDArray[Any], ...]
    updates: int


def make_trial(module: Module, updates: int) -> Trial:
    """Random numbers for a module whose functions are those of the modes."""
    train = module.train
    rng = np.random.default_rng(0)
    size = train.update if train else FREE
    values = _fields(module)
    limits = _limits(module)
    phases = tuple(phase.name for phase in train.phases) if train else ()
    count = max(1, updates * len(phases))
    batches = tuple(
        {name: _numbers(rng, type, limits.get(name), size) for name, type in values.items()}
        for _ in range(count)
    )
    masks = tuple(np.ones(size, np.float32) for _ in range(count))
    for mask in masks[1::2]:
        mask[(size + 1) // 2 :] = 0
    return Trial(phases, batches, masks, updates)


def _fields(module: Module) -> dict[str, TensorType]:
    """What functions of the device take, by name."""
    found: dict[str, TensorType] = {}
    for func in module.funcs:
        if func.name.startswith(("train", "eval", "predict")):
            own = {v.hint: v.type for v in func.params if v.type.dtype != KEY and v.name != "mask"}
            found |= own
    return found


def _limits(module: Module) -> dict[str, int]:
    """What whole numbers must stay below that are places in a table, or classes."""
    limits: dict[str, int] = {}
    for func in module.funcs:
        makers = definitions(func)
        for op in func.walk():
            if op.name not in _PLACES:
                continue
            index, table, axis = _PLACES[op.name]
            size = op.args[table].type.shape[cast("int", op.attrs.get("axis", axis))]
            name = behind_movers(op.args[index], makers).hint
            if isinstance(size, int):
                limits[name] = min(size, limits.get(name, size))
    lengths = {
        f"{value.hint}_length": value.type.bound
        for func in module.funcs
        for value in func.params
        if value.type.bound is not None
    }
    return limits | {name: bound + 1 for name, bound in lengths.items()}


def _numbers(
    rng: np.random.Generator, type: TensorType, limit: int | None, batch: int
) -> NDArray[Any]:
    sizes = [
        batch,
        *(axis if isinstance(axis, int) else bound_of(axis) or FREE for axis in type.shape[1:]),
    ]
    shape = tuple(sizes[: len(type.shape)])
    if type.is_float:
        return rng.uniform(0, 1, shape).astype(np.float32)
    high = limit or (BYTE if type.dtype == "u8" else ELSE)
    return rng.integers(0, high, shape).astype(JAX_DTYPES[type.dtype].rstrip("_"))


def run_trial(trial: Trial, executable: Executable, state: Tree) -> Quantities:
    """Outputs, sums, and weights as they become.

    Args:
        trial: What it is given.
        executable: The program.
        state: The first state, which is left as it is.
    """
    first, mask = trial.batches[0], trial.masks[0]
    found = _named("output", executable.predict(state, first))
    if not trial.phases:
        return found
    found |= _named("evaluation", executable.eval_step(state, first, mask))
    state = compat.copied(state)
    place = 0
    for name in trial.phases:
        updates = updates_of(executable, name)
        if hasattr(updates, "enter"):
            state = updates.enter(state)
        for number in range(1, trial.updates + 1):
            batch: Mapping[str, Any] = trial.batches[place]
            if hasattr(updates, "trunk_step"):
                batch = {**batch, **updates.trunk_step(state, batch)}
            state, sums = updates.train_step(state, batch, trial.masks[place])
            where = f"{name} update {number}".strip()
            found |= _named(f"sums of {where}", sums)
            place += 1
        for weights in (unstacked(executable, state["params"]), state["stats"]):
            found |= _named(f"weights after {name or 'training'}", weights)
    return found


def spread(state: Tree) -> Tree:
    """The state with weights that are not 0 or 1, so that each of them counts."""
    rng = np.random.default_rng(1)
    params = _changed(state["params"], lambda w: w + 0.1 * rng.normal(size=w.shape))
    stats = _changed(state["stats"], lambda w: w + 0.1 * rng.uniform(0, 1, w.shape))
    return {**state, "params": params, "stats": stats}


def moved(state: Tree, share: float, seed: int) -> Tree:
    """A state whose weights are off by a share of their size, as rounding may bring them."""
    rng = np.random.default_rng(seed)

    def change(weight: NDArray[Any]) -> NDArray[Any]:
        return weight * (1 + share * rng.uniform(-1, 1, weight.shape))

    roots = {root: _changed(state[root], change) for root in ("params", "stats")}
    return {**state, **roots}


def _changed(tree: Tree, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Tree:
    """The weights of a tree, changed; what holds other things than floats stays."""

    def of_leaf(leaf: Any) -> Any:
        numbers = np.asarray(leaf)
        if numbers.dtype != np.float32:
            return leaf
        return compat.to_device(change(numbers).astype(np.float32))

    return compat.tree_map(of_leaf, tree)


def _named(kind: str, tree: Any) -> Quantities:
    return {f"{kind}: {path}": np.asarray(leaf) for path, leaf in flatten(tree).items()}
