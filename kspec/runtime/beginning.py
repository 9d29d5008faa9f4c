"""The state that a run begins with."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from kspec.runtime import compat
from kspec.runtime.executable import Tree
from kspec.runtime.ready import Keeper
from kspec.runtime.weights import Place, weight_places

# Draws of a kind, on average, up to which the first state is made by one program. On 2 cores with
# jaxlib 0.10.2 each draw takes XLA 0.08 s there; op by op each kind takes 0.33 s, as what is alike
# shares what is compiled. So 8 layers of 8 shapes take 0.7 s in place of 2.8, and 24 convolutions
# of 7 shapes 1.3 in place of 2.2, but 32 layers of 1 shape 1.4 in place of 0.5.
MOST_ALIKE: Final = 4
LARGEST_SEED: Final = 2**31 - 1  # of an i32


def first_state(keeper: Keeper, seed: int, draws: tuple[int, int]) -> tuple[Tree, dict[str, Place]]:
    """The state before the first update, and the places of its weights, in the spec's order.

    Args:
        keeper: The program, and what was compiled of it.
        seed: The run's seed.
        draws: How often first weights are drawn, and in how many ways.
    """
    places: dict[str, Place] = {}
    executable = keeper.executable

    def init(key: Any) -> Tree:
        state = executable.init(key)
        places.update(
            weight_places(executable, state)
        )  # JAX puts them in the order of the alphabet
        return state

    if draws[0] > MOST_ALIKE * draws[1]:
        return init(compat.key(seed)), places
    if seed > LARGEST_SEED:
        start = keeper.function("init", compat.compiled_briefly(init), places)
        return start(compat.key(seed)), places

    def begin(seed: Any) -> Tree:
        return init(compat.key(seed))  # no program for the key alone

    start = keeper.function("begin", compat.compiled_briefly(begin), places)
    return start(np.int32(seed)), places
