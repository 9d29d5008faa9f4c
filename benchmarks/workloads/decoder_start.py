"""The decoder of twelve layers: from starting Python to the first update, with nothing compiled.

Source: the workload `decoder`. Each contender is a fresh process without a cache of compiled
programs: it imports what it needs, makes the model and its first weights, compiles, and updates
once. The clock stops when the loss is on stdout. Each draws its first weights by itself, so the
losses of the first batch are only near each other.

Floor: a Python that imports jax, which all need.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial

from benchmarks.commands import first_line
from benchmarks.harness import Done, Floor, Run, Workload

SAYS = "loss "


def fresh(contender: str) -> Run:
    """A process that updates once."""
    updates = 0

    def call() -> Done:
        nonlocal updates
        updates += 1
        command = [sys.executable, "-m", "benchmarks.workloads.decoder_start", contender]
        with tempfile.TemporaryDirectory() as cache:
            nothing = {"XDG_CACHE_HOME": cache, "JAX_ENABLE_COMPILATION_CACHE": "false"}
            line = first_line(command, SAYS, {**os.environ, **nothing})
        return Done(float(line.removeprefix(SAYS)), updates)

    return call


def spec() -> float:
    """The loss of the first update of the spec."""
    from benchmarks.workloads import decoder

    run = decoder.program().init()
    run.fit({"train": decoder.data(1)}, quiet=True)
    return run.history[-1]["train"]["loss"]


def by_keras() -> float:
    """The loss of the first update of Keras."""
    from benchmarks.workloads import decoder

    batch = decoder.data(1)
    return float(decoder.keras_model().train_on_batch(batch["tokens"], batch["next"]))


def by_hand() -> float:
    """The loss of the first update by hand."""
    from benchmarks.workloads import decoder

    return decoder.hand_fit(decoder.first_weights(), decoder.data(1))().loss


UPDATES: dict[str, Callable[[], float]] = {"kspec": spec, "keras": by_keras, "jax": by_hand}
WORKLOAD = Workload(
    unit="first update",
    units=1,
    goals={"keras": 2.5, "jax": 2.0},
    contenders={name: partial(fresh, name) for name in UPDATES},
    tolerance=0.05,
    floor=Floor(modules="jax"),
    most=3,
    cold=True,
)

if __name__ == "__main__":
    print(f"{SAYS}{UPDATES[sys.argv[1]]()}", flush=True)
