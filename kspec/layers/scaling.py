"""Fixed scaling of inputs."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.layers.base import Layer, arg, layer, to_float
from kspec.registry import Example


@final
@layer("rescaling")
class Rescaling(Layer):
    """Multiply by a number and add another: y = x * scale + offset."""

    example = Example("x -> rescaling(1/255)", x="u8[8, 8, 3]")

    shape = "*batch -> *batch"
    masking = "keeps"

    scale: float = arg(doc="The factor.")
    offset: float = arg(default=0.0, doc="What is added.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A product and a sum, in floating point."""
        x = to_float(b, operands[0])
        y = b.op("multiply", x, b.constant(self.scale, x.type.dtype))
        return b.op("add", y, b.constant(self.offset, x.type.dtype))
