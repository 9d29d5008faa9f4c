"""What a run's model gives for examples that are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from kspec.data.dataset import Split
from kspec.data.ragged import length_of
from kspec.runtime import loop

if TYPE_CHECKING:
    from kspec.runtime.run import Run


def outputs_of(run: Run, split: Split) -> dict[str, NDArray[Any]]:
    """The outputs by name, in the order of the examples.

    Args:
        run: The run.
        split: The examples; fields that are no inputs are left alone.

    Raises:
        SpecError: The host cannot prepare an input.
    """
    plan = run.bundle.plan
    names = {each for name in plan.inputs for each in (name, length_of(name))}
    arrays = run.prepared({name: a for name, a in split.arrays.items() if name in names})
    return loop.predict(run.executable, run.state, arrays, plan.batch, plan.buckets, plan.outputs)
