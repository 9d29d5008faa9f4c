"""The state that a run begins with."""

from __future__ import annotations

from typing import Any, Final

from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree
from kspec.runtime.weights import Place, weight_places

# Layers with weights, up to which the first state is made by one program. On 2 cores with jaxlib
# 0.10.2 and what was compiled kept, that takes 0.08 s in place of 0.17 for 2 of them, and 0.75 in
# place of 0.89 for 16; for 75, of few shapes, which op by op share what is compiled, it takes 0.82
# in place of 0.52.
MOST_AT_ONCE: Final = 32


def first_state(executable: Executable, seed: int, layers: int) -> tuple[Tree, dict[str, Place]]:
    """The state before the first update, and the places of its weights, in the spec's order.

    Args:
        executable: The program.
        seed: The run's seed.
        layers: How many layers have weights.
    """
    places: dict[str, Place] = {}

    def init(key: Any) -> Tree:
        state = executable.init(key)
        places.update(
            weight_places(executable, state)
        )  # JAX puts them in the order of the alphabet
        return state

    start = compat.compiled(init) if layers <= MOST_AT_ONCE else init
    return start(compat.key(seed)), places
