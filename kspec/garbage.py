"""When Python looks for unused cycles of objects."""

from __future__ import annotations

import gc
from typing import Final

USUALLY: Final = gc.get_threshold()
RARELY: Final = 100_000  # objects


def collect_rarely() -> None:
    """Look for them seldom, as importing and compiling leave hardly any.

    It takes a sixth of the time of importing JAX.
    """
    gc.set_threshold(RARELY, *USUALLY[1:])


def collect_as_usual() -> None:
    """Look for them as Python does, but not among what is there already, which stays."""
    gc.freeze()
    gc.set_threshold(*USUALLY)
