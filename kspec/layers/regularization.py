"""Layers that act in training alone."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, arg, layer, to_float


@final
@layer("dropout")
class Dropout(Layer):
    """Set a fraction of the elements to 0 in training, and scale the others up.

    The draw is a function of the run's seed, the step, and this layer's place; there is
    no seed of its own. Source: Srivastava et al., 2014.
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    rate: float = arg(doc="The fraction, from 0 up to 1.")

    def check(self) -> str | None:
        """Something must be left."""
        return None if 0 <= self.rate < 1 else f"rate must be in [0, 1), not {self.rate}"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A draw while training, and nothing otherwise."""
        x = to_float(b, operands[0])
        key = b.op("random_key", hint="key")
        return b.op("where_training", b.op("dropout_with_key", x, key, rate=self.rate), x)
