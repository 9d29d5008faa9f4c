"""What the kernels of recurrent layers are tried with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import jax.numpy as jnp
import numpy as np

FEATURES: Final = 3
GATES: Final = {"lstm": 4, "gru": 3}
STATES: Final = {"lstm": 2, "gru": 1}


class Case(NamedTuple):
    """A kernel, the sizes of its operands, and which of them it gets."""

    kernel: str
    rows: int
    steps: int
    units: int
    bias: bool
    states: bool
    mask: bool
    reverse: bool


def arrays(case: Case, dtype: str, seed: int = 0) -> tuple[list[Any], Any]:
    """x, the kernels, maybe the bias, maybe the states; and the mask or None.

    Of several rows the last is all padding.
    """
    rng = np.random.default_rng(seed)
    wide = GATES[case.kernel] * case.units
    shapes: list[tuple[int, ...]] = [(case.rows, case.steps, FEATURES)]
    shapes += [(FEATURES, wide), (case.units, wide)]
    if case.bias:
        shapes.append((2, wide) if case.kernel == "gru" else (wide,))
    if case.states:
        shapes += [(case.rows, case.units)] * STATES[case.kernel]
    mask = rng.random((case.rows, case.steps)) < 0.6
    mask[-1] &= case.rows == 1
    drawn = [jnp.asarray(rng.normal(size=shape), dtype) for shape in shapes]
    return drawn, jnp.asarray(mask) if case.mask else None


def bound(function: Callable[..., Any], case: Case) -> Callable[..., Any]:
    """The function of those arrays in a row, and the mask."""

    def call(*given: Any) -> Any:
        *operands, mask = given
        first = 3 + case.bias
        states = tuple(operands[first:]) or None
        if states is not None and len(states) == 1:
            states = states[0]
        bias = operands[3] if case.bias else None
        return function(*operands[:3], bias, states, mask, case.reverse)

    return call
