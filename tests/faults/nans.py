"""Plant something that is no number: no update of it stays, and its place is named.

A model has places in each of its layers that a field of the data can harm: the logarithm of a
negative number in the forward pass, the slope of a root at 0 in the backward pass alone. So one
program, compiled once, is harmed at random steps and layers, and so are its loss, its data, its
weights and its optimizer's state. What it has been after the steps before is what has to stay.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np

import kspec
from kspec.runtime.executable import Tree, updates_of
from kspec.runtime.loop import Position
from kspec.runtime.run import Run

LAYERS = 5
ROWS = 96
KINDS = ("value", "gradient", "loss", "field", "weight", "optimizer")
LAYER = """\
  d{k} = x{k} -> dense(6, {activation})
  a{k} = d{k} + log(1 - 2 * bad[:, {k}])
  x{next} = sqrt(a{k} * a{k} * fine[:, {k}])
"""
ACTIVATIONS = ("sigmoid", "softplus", "sigmoid", "softplus", "sigmoid")  # which are never 0
SPEC = """\
data points {
  source = arrays()
  x    : f32[6]
  bad  : f32[1, LAYERS]
  fine : f32[1, LAYERS]
  odd  : f32
  y    : f32[2]
}

model Net {
  input x0 = x : f32[6]
  input bad, fine : f32[1, LAYERS]
BODY  output z = xLAYERS -> dense(2)
}

train {
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z) + log(1 - 2 * odd)
  optimizer = OPTIMIZER
  batch     = 8
  shuffle   = false
  epochs    = 1000
  MORE
  terminate_on_nan { }
}
"""
PROGRAMS = (
    ("adam(0.01)", ""),
    ("adamw(0.01, clipnorm=1.0)", "accumulate = 2"),
    ("rmsprop(0.01, momentum=0.9)", "precision = mixed_bfloat16"),
)


@dataclass
class Tally:
    """What came of it."""

    planted: int = 0
    kinds: dict[str, int] = field(default_factory=dict[str, int])
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return f"{self.planted} planted ({kinds}), no update stayed: {len(self.wrong)} wrong"


def text_of(optimizer: str, more: str) -> str:
    """A spec with places to harm."""
    layers = (LAYER.format(k=k, next=k + 1, activation=each) for k, each in enumerate(ACTIVATIONS))
    text = SPEC.replace("BODY", "".join(layers)).replace("input x0 = x", "input x")
    text = text.replace("x0 ->", "x ->").replace("LAYERS", str(LAYERS))
    return text.replace("OPTIMIZER", optimizer).replace("MORE", more)


def data() -> dict[str, np.ndarray]:
    """Data in which nothing is harmed."""
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(ROWS, 6)).astype(np.float32),
        "bad": np.zeros((ROWS, 1, LAYERS), np.float32),
        "fine": np.ones((ROWS, 1, LAYERS), np.float32),
        "odd": np.zeros(ROWS, np.float32),
        "y": rng.normal(size=(ROWS, 2)).astype(np.float32),
    }


class Planting:
    """A run that is harmed again and again."""

    def __init__(self, optimizer: str, more: str, tally: Tally) -> None:
        self.text = text_of(optimizer, more)
        self.run: Run = kspec.compile_text(self.text).init()
        self.tally = tally
        self._start = copied(self.run.state)
        self._rows = self.run.bundle.plan.update  # of a step
        self._update = updates_of(self.run.executable, "").train_step

    def plant(self, kind: str, chance: random.Random) -> None:
        """Harm it somewhere, and compare what is left and what is said."""
        run, train = self.run, data()
        row, layer = chance.randrange(ROWS), chance.randrange(LAYERS)
        step = row // self._rows
        run.history, run.position = [], Position()
        self._to(0)
        wanted = getattr(self, f"_{kind}")(train, step, row, layer, chance)
        before = copied(run.state)
        said = refused(run, train)
        if kind in ("value", "gradient", "loss"):
            before = self._after(step)
        what = f"{kind} of layer {layer} in row {row}, step {step + 1}: {said}"
        self.tally.planted += 1
        self.tally.kinds[kind] = self.tally.kinds.get(kind, 0) + 1
        if not same(before, run.state):
            self.tally.wrong.append(f"{what}: the state is another")
        if not all(each in said for each in wanted):
            self.tally.wrong.append(f"{what}: {wanted} is not said")

    def _to(self, step: int) -> None:
        self.run.state = self._after(step)
        self.run.position = Position(step=step)

    def _after(self, step: int) -> Tree:
        """The state after so many steps on data that is not harmed."""
        state, train = copied(self._start), data()
        for number in range(step):
            rows = slice(number * self._rows, (number + 1) * self._rows)
            batch = {name: each[rows] for name, each in train.items()}
            state, _ = self._update(state, batch, np.ones(self._rows, np.float32))
        return state

    def _line(self, begins: str) -> str:
        lines = self.text.split("\n")
        return next(f":{n}:" for n, line in enumerate(lines, 1) if line.strip().startswith(begins))

    def _value(self, train: Any, step: int, row: int, layer: int, _: random.Random) -> list[str]:
        train["bad"][row, 0, layer] = 1
        return ["nan", f"step {step + 1} of epoch 1", self._line(f"a{layer} =")]

    def _gradient(self, train: Any, step: int, row: int, layer: int, _: random.Random) -> list[str]:
        train["fine"][row, 0, layer] = 0
        return ["gradient of", f"step {step + 1} of epoch 1", self._line(f"x{layer + 1} =")]

    def _loss(self, train: Any, step: int, row: int, layer: int, _: random.Random) -> list[str]:
        train["odd"][row] = 1
        return ["nan", f"step {step + 1} of epoch 1", self._line("loss")]

    def _field(
        self, train: Any, step: int, row: int, layer: int, chance: random.Random
    ) -> list[str]:
        name = chance.choice(["x", "y"])
        train[name][row, 1] = chance.choice([np.nan, np.inf, -np.inf])
        return [f"row {row} of `{name}`"]

    def _weight(
        self, train: Any, step: int, row: int, layer: int, chance: random.Random
    ) -> list[str]:
        self._to(step)
        name = chance.choice(sorted(self.run.weights))
        values = np.array(self.run.weights[name])
        values[tuple(chance.randrange(size) for size in values.shape)] = np.nan
        self.run.weights[name] = values
        return [f"the weight `{name}` is nan", f"step {step + 1} of epoch 1"]

    def _optimizer(
        self, train: Any, step: int, row: int, layer: int, chance: random.Random
    ) -> list[str]:
        self._to(step)
        leaves, tree = jax.tree.flatten(self.run.state["optimizer"])
        at = chance.choice([n for n, leaf in enumerate(leaves) if leaf.dtype == np.float32])
        leaves[at] = leaves[at].at[(0,) * leaves[at].ndim].set(np.nan)
        self.run.state = {**self.run.state, "optimizer": jax.tree.unflatten(tree, leaves)}
        return ["the optimizer's state", f"step {step + 1} of epoch 1"]


def copied(state: Tree) -> Tree:
    """A copy that an update does not use up."""
    return jax.tree.map(lambda leaf: leaf.copy(), state)


def refused(run: Run, train: dict[str, np.ndarray]) -> str:
    """What is said as it refuses to train an epoch; empty if it does not."""
    try:
        run.fit({"train": train}, epochs=1, quiet=True)
    except kspec.SpecError as error:
        return error.render()
    return ""


def same(one: Tree, two: Tree) -> bool:
    """Whether two states are the same, bit for bit."""
    pairs = zip(leaves_of(one), leaves_of(two), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def leaves_of(state: Tree) -> Iterator[np.ndarray]:
    """All arrays of a state."""
    for leaf in jax.tree.leaves(state):
        is_key = jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        yield np.asarray(jax.random.key_data(leaf) if is_key else leaf)


def nans(folder: Path, count: int, seed: int = 0, seconds: float = 1e9) -> Tally:
    """So many, over all programs and kinds."""
    tally = Tally()
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    programs = PROGRAMS[: max(1, min(len(PROGRAMS), count // 20))]
    plantings = [Planting(*each, tally) for each in programs]
    while tally.planted < count and time.monotonic() < end:
        kind = KINDS[tally.planted % len(KINDS)]
        plantings[tally.planted // len(KINDS) % len(plantings)].plant(kind, chance)
        if not tally.planted % 10:
            print(tally, file=sys.stderr, flush=True)
    return tally
