"""Specs with the batches and the weights that all executors get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from kspec.api import compile_text
from kspec.ir import Module
from kspec.passes import optimize
from kspec.passes.choices import sites, with_choices

STEPS: Final = 10
SHORT: Final = 2  # the first step whose batch is filled up; every other one from there
KIND: Final = {"f32": np.float32, "bool": np.bool_, "u8": np.uint8}


@dataclass(frozen=True)
class Field:
    """A field of the data: its type, and the number that it stays below.

    Floats with such a number are not below 0, as the truth of a crossentropy must be: else its
    loss has no least value, and training leaves the range in which softmax is exact.
    """

    type: str
    high: int = 0

    @property
    def dtype(self) -> str:
        """The element type as the IR has it."""
        word = self.type.partition("[")[0]
        return "i32" if word == "class" else word

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an example."""
        word, _, rest = self.type.partition("[")
        if word == "class" or not rest:
            return ()
        return tuple(int(size) for size in rest.rstrip("]").split(",") if size.strip())

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray[Any, Any]:
        """So many examples."""
        shape = (count, *self.shape)
        if self.dtype == "f32":
            drawn = rng.uniform(0, self.high, shape) if self.high else rng.normal(size=shape)
            return np.float32(drawn)
        return rng.integers(0, self.high or 2, shape).astype(KIND.get(self.dtype, np.int32))


@dataclass(frozen=True)
class Case:
    """A spec, and what it is run on.

    Attributes:
        text: The spec.
        fields: The fields of its data.
        label: What it is for.
    """

    text: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    label: str = ""

    @cached_property
    def module(self) -> Module:
        """The IR as elaboration gives it, for kernels wherever there is one. Raises SpecError."""
        module = compile_text(self.text).compiled.program.module
        found = {key: same[0] for key, same in sites(module, optimize).items()}
        kernels = {key: site.options[-1] for key, site in found.items() if site.cpu}
        return with_choices(module, kernels, optimize)

    @cached_property
    def batches(self) -> list[dict[str, np.ndarray[Any, Any]]]:
        """The batch of each step."""
        assert self.module.train is not None
        rng = np.random.default_rng(7)
        size = self.module.train.batch
        return [
            {name: each.draw(rng, size) for name, each in self.fields.items()} for _ in range(STEPS)
        ]

    def mask(self, step: int) -> np.ndarray[Any, Any]:
        """Which rows of a step's batch are examples: in every other step not the last ones."""
        assert self.module.train is not None
        size = self.module.train.batch
        rows = np.ones(size, np.float32)
        if step % 2 == SHORT - 1:
            rows[(size + 1) // 2 :] = 0
        return rows

    @cached_property
    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """The first weights: none is 0 or 1, so that each of them counts."""
        rng = np.random.default_rng(11)
        made: dict[str, np.ndarray[Any, Any]] = {}
        for weight in self.module.weights:
            shape: Any = weight.value.type.shape
            inputs = int(np.prod(shape[:-1])) if len(shape) > 1 else 1
            values = rng.normal(size=shape) / np.sqrt(max(inputs, 4))
            if weight.path.endswith(("variance", "stddev")):
                values = 0.5 + rng.uniform(size=shape)
            elif weight.path.rpartition(".")[2] in ("gamma", "scale"):
                values = 1 + 0.2 * rng.normal(size=shape)
            made[weight.path] = np.float32(values)
        return made
