"""Learning rates that are in the state of training, where a run may lower them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kspec.runtime.executable import Tree

if TYPE_CHECKING:
    from kspec.runtime.run import Run


def rates_of(state: Tree) -> dict[str, float]:
    """The rates by the label of their optimizer; none where the program keeps no rates."""
    return {label: float(rate) for label, rate in state.get("rates", {}).items()}


def lower_rates(run: Run) -> str | None:
    """Lower the rates where the last epoch was reason to, and say what they are then."""
    rates = run.watch.lowered(run.history, run.position)
    if rates is None:
        return None
    made = {label: np.float32(rate) for label, rate in rates.items()}
    run.state = {**run.state, "rates": run.placement.whole(made)}
    shown = ", ".join(dict.fromkeys(f"{rate:.6g}" for rate in rates.values()))
    return f"the learning rate is {shown} after epoch {run.position.epoch}"


def flat_rates(record: Mapping[str, Any]) -> dict[str, float]:
    """The rates of an epoch's record by name: `learning_rate`, or one for each optimizer."""
    rates: Mapping[str, float] = record.get("learning_rate", {})
    alone = len(rates) == 1
    return {
        "learning_rate" if alone else f"learning_rate_{label}": rate
        for label, rate in rates.items()
    }
