"""Calls of each layer beside Keras' object, a family a file, as `kspec/layers/` has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from tests.parity.harness import keras, spell

K = keras.layers
IMAGE = ((9, 8, 4),)
LINE = ((6,),)


class Case(NamedTuple):
    """A layer in both languages, and the shapes of its operands."""

    call: str
    layer: Callable[[], keras.Layer]
    shapes: tuple[tuple[int, ...], ...]
    integers: int = 0  # operands are integers below this


Cases: TypeAlias = dict[str, list[Case]]


def same(name: str, layer: Callable[..., keras.Layer], *shape: int, **args: Any) -> Case:
    """A call with the same arguments, by their names, in both languages, on one operand."""
    return Case(f"{name}({spell(args)})", lambda: layer(**args), (shape,))
