"""One spec, executed by the interpreter and as generated programs: the same quantities.

I   the interpreter, on the IR as elaboration gives it
U   the generated program with those passes only that make it what the spec says
P   the same with one more pass, or with all of them

A quantity is called by its kind and its place: `head.grad1.dense.kernel` is the gradient of a
weight in the first step of a phase. Dropout masks and noise are an input of the interpreter:
they are drawn, as docs say, from the key of the run, the number of the step, and the place of
the draw, by JAX. So programs that draw at another place or with another rate are found.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any, Final, cast
from unittest import mock

import jax
import numpy as np
import optax

from kspec.codegen.module import generate
from kspec.ir import Module, Phase
from kspec.passes import NEEDED, Pass, optimize
from kspec.runtime import compat, native
from kspec.runtime.executable import Executable
from kspec.runtime.stacks import Place
from kspec.runtime.weights import Weights, weight_places
from tests.oracle.cases import STEPS, Case
from tests.oracle.interpreter.core import Array, Aside
from tests.oracle.interpreter.modes import evaluate_batch, predict
from tests.oracle.interpreter.training import Trainer

Quantities = dict[str, Array]
SEEN: Final = (1, 2, STEPS)  # after these steps the weights are looked at
SEED: Final = 3
# Logits of so many bytes are large here, and parts of them: small specs are compared in less time.
LARGE: Final = {"LEAST": 2**14, "PART": 2**13}


class KeyDraws:
    """The draws of a step."""

    def __init__(self, step: int) -> None:
        self.key = jax.random.fold_in(jax.random.key(SEED), step)

    def _key(self, place: tuple[int, ...]) -> Any:
        key = self.key
        for number in place:
            key = jax.random.fold_in(key, number)
        return key

    def bernoulli(self, place: tuple[int, ...], chance: float, shape: tuple[int, ...]) -> Array:
        """True with a chance."""
        return np.asarray(jax.random.bernoulli(self._key(place), chance, shape))

    def normal(self, place: tuple[int, ...], shape: tuple[int, ...]) -> Array:
        """Normal draws."""
        return np.asarray(jax.random.normal(self._key(place), shape), np.float64)


def steps_of(phases: int, number: int) -> list[int]:
    """The numbers of the steps of a phase, from 0: all phases but the last take two."""
    first = 2 * number
    return list(range(first, STEPS if number == phases - 1 else first + 2))


def interpreted(case: Case, module: Module, aside: Aside) -> Quantities:
    """What the interpreter finds of a module, which is that of the case or means the same."""
    assert module.train is not None
    trainer = Trainer(module, case.weights, aside)
    found = _still(case, module, trainer.weights, aside)
    phases = module.train.phases
    for number, phase in enumerate(phases):
        trainer.enter(phase, first=number == 0)
        steps = steps_of(len(phases), number)
        for place, step in enumerate(steps, 1):
            batch = case.batches[step]
            if place == 1:
                sums = evaluate_batch(module, batch, case.mask(step), trainer.weights, aside)
                found |= {f"{phase.name}.tail.{k}": v for k, v in sums.items()}
            done = trainer.step(phase, batch, case.mask(step), KeyDraws(step))
            if place <= 2:
                found |= {f"{phase.name}.sum{place}.{k}": v for k, v in done.sums.items()}
                found |= {f"{phase.name}.grad{place}.{k}": v for k, v in done.grads.items()}
            if place in SEEN or step == steps[-1]:
                found |= {f"{phase.name}.weights{place}.{k}": v for k, v in trainer.weights.items()}
    return found


def _still(case: Case, module: Module, weights: dict[str, Array], aside: Aside) -> Quantities:
    """Outputs and sums before training."""
    batch = case.batches[0]
    inputs = {v.name for v in module.func("graph").params}
    given = {name: value for name, value in batch.items() if name in inputs}
    found = {f".predict.{k}": v for k, v in predict(module, given, weights, aside).items()}
    for step in (0, 1):
        sums = evaluate_batch(module, case.batches[step], case.mask(step), weights, aside)
        found |= {f".eval{step + 1}.{name}": value for name, value in sums.items()}
    return found


def unoptimized(case: Case) -> Module:
    """The module with needed passes only."""
    return optimize(case.module, NEEDED)


def with_passes(case: Case, passes: tuple[Pass, ...]) -> Module:
    """The module with some of the optional passes, in their order."""
    linear = sys.modules["kspec.passes.fuse_linear_crossentropy"]
    with mock.patch.multiple(linear, **LARGE):
        return optimize(case.module, (*NEEDED, *passes))


def generated(case: Case, module: Module) -> Quantities:
    """What the program of a module gives."""
    return _executed(case, generate(module, "case.kspec"))


@lru_cache(maxsize=64)
def _named(text: str) -> dict[str, Any]:
    """The names of a generated file, whose optimizers also keep the last gradients."""
    module = ModuleType("case")
    names = vars(module)
    exec(compile(text, "case.py", "exec"), names)
    native.prepare(module)
    for name in [each for each in names if each == "optimizer" or each.startswith("optimizer_")]:
        names[name] = _keeping(names[name])
    return names


def forget() -> None:
    """Give the memory of all compiled programs back."""
    _named.cache_clear()
    jax.clear_caches()


def _keeping(inner: Any) -> Any:
    """An optimizer whose state has the gradients beside its own."""

    def init(params: Any) -> Any:
        return inner.init(params), jax.tree.map(lambda x: x * 0, params)

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        updates, moments = inner.update(grads, state[0], params)
        return updates, (moments, grads)

    return optax.GradientTransformation(init, update)


def _executed(case: Case, text: str) -> Quantities:
    names = _named(text)
    assert case.module.train is not None
    phases = case.module.train.phases
    with jax.default_matmul_precision("highest"):
        blank = jax.eval_shape(names["init"], jax.random.key(0))
        state = jax.tree.map(_zeros, {**blank, "key": None})
        state["key"] = jax.random.key(SEED)
        there = weight_places(cast("Executable", SimpleNamespace(**names)), state)
        Weights(state, there).update(case.weights)
        state = compat.to_device(state)  # as later states are: else the step is compiled twice
        found = _still_generated(case, names, state)
        for number, phase in enumerate(phases):
            if f"enter_{phase.name}" in names:
                state = jax.jit(names[f"enter_{phase.name}"])(state)
            steps = steps_of(len(phases), number)
            state = _phase(case, names, state, there, phase, steps, found)
    return found


def _zeros(leaf: Any) -> Array:
    """Optimizers start at 0; first weights are those of the case."""
    return np.zeros(leaf.shape, leaf.dtype)


def _phase(
    case: Case,
    names: Mapping[str, Any],
    state: Any,
    there: Mapping[str, Place],
    phase: Phase,
    steps: list[int],
    found: Quantities,
) -> Any:
    """The steps of a phase."""
    train = jax.jit(names[phase.named("step")])
    trunk = jax.jit(names[phase.named("trunk")]) if phase.named("trunk") in names else None
    for place, step in enumerate(steps, 1):
        batch = dict(case.batches[step])
        if trunk is not None:
            batch |= trunk(state["params"], state["stats"], batch)
        if trunk is not None and place == 1:
            tail = names.get(phase.named("evaluate_tail"))
            if tail is not None:
                sums = jax.jit(tail)(state["params"], state["stats"], batch, case.mask(step))
                found |= _flat(sums, f"{phase.name}.tail.")
        state, sums = train(state, batch, case.mask(step))
        if place <= 2:
            found |= _flat(sums, f"{phase.name}.sum{place}.")
            found |= _by_path(state["optimizer"][1], "params", there, f"{phase.name}.grad{place}.")
        if place in SEEN or step == steps[-1]:
            for root in ("params", "stats"):
                found |= _by_path(state[root], root, there, f"{phase.name}.weights{place}.")
    return state


def _by_path(tree: Any, root: str, there: Mapping[str, Place], before: str) -> Quantities:
    """What there is for each weight, out of arrays as that part of the state has them."""
    arrays = _flat(tree, f"{root}.")
    found: Quantities = {}
    for path, place in there.items():
        array = arrays.get(".".join(place.keys))
        if array is not None:
            found[f"{before}{path}"] = array if place.number is None else array[place.number]
    return found


def _still_generated(case: Case, names: Mapping[str, Any], state: Any) -> Quantities:
    @jax.jit
    def still(state: Any, batch: Any, mask: Any) -> Any:
        weights = state["params"], state["stats"]
        return names["outputs"](*weights, batch), names["evaluate"](*weights, batch, mask)

    outputs, sums = still(state, case.batches[0], case.mask(0))
    found = _flat(outputs, ".predict.") | _flat(sums, ".eval1.")
    return found | _flat(still(state, case.batches[1], case.mask(1))[1], ".eval2.")


def _flat(tree: Any, before: str) -> Quantities:
    """The leaves of nested dicts, by their paths."""
    found: Quantities = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[before + key] = np.asarray(value)
    return found
