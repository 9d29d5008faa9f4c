"""The state that a run begins with."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from kspec.runtime import compat
from kspec.runtime.executable import Tree
from kspec.runtime.ready import Keeper
from kspec.runtime.weights import Place, weight_places

# Layers with weights, up to which the first state is made by one program. On 2 cores with jaxlib
# 0.10.2 and what was compiled kept, that takes 0.08 s in place of 0.17 for 2 of them, and 0.75 in
# place of 0.89 for 16; for 75, of few shapes, which op by op share what is compiled, it takes 0.82
# in place of 0.52.
MOST_AT_ONCE: Final = 32
LARGEST_SEED: Final = 2**31 - 1  # of an i32


def first_state(keeper: Keeper, seed: int, layers: int) -> tuple[Tree, dict[str, Place]]:
    """The state before the first update, and the places of its weights, in the spec's order.

    Args:
        keeper: The program, and what was compiled of it.
        seed: The run's seed.
        layers: How many layers have weights.
    """
    places: dict[str, Place] = {}
    executable = keeper.executable

    def init(key: Any) -> Tree:
        state = executable.init(key)
        places.update(
            weight_places(executable, state)
        )  # JAX puts them in the order of the alphabet
        return state

    if layers > MOST_AT_ONCE:
        return init(compat.key(seed)), places
    if seed > LARGEST_SEED:
        start = keeper.function("init", compat.compiled(init), places)
        return start(compat.key(seed)), places

    def begin(seed: Any) -> Tree:
        return init(compat.key(seed))  # no program for the key alone

    start = keeper.function("begin", compat.compiled(begin), places)
    return start(np.int32(seed)), places
