"""Passes: IR to IR. The order is here, and nowhere else.

Every pass gets a valid module and leaves a valid module; `optimize` verifies between
every two. A pass takes no options: what it needs to know is in `module.train`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from kspec.ir import Module, verify
from kspec.passes.derive_modes import derive_modes
from kspec.passes.eliminate_common_ops import eliminate_common_ops
from kspec.passes.eliminate_dead_ops import eliminate_dead_ops
from kspec.passes.fold_constants import fold_constants
from kspec.passes.fuse_softmax_crossentropy import fuse_softmax_crossentropy
from kspec.passes.lower_precision import lower_precision
from kspec.passes.split_host import split_host

Pass: TypeAlias = Callable[[Module], Module]

PIPELINE: Final[tuple[Pass, ...]] = (
    split_host,
    lower_precision,
    derive_modes,
    fold_constants,
    fuse_softmax_crossentropy,
    eliminate_common_ops,
    eliminate_dead_ops,  # last: sweeps up what the others leave behind
)


def stages(module: Module, passes: tuple[Pass, ...] = PIPELINE) -> Iterator[tuple[str, Module]]:
    """The module after each pass, with the pass's name; first as it came, as `elaborate`."""
    verify(module)
    yield "elaborate", module
    for run in passes:
        module = run(module)
        verify(module, after=run.__name__)
        yield run.__name__, module


def optimize(module: Module, passes: tuple[Pass, ...] = PIPELINE) -> Module:
    """The module after all passes."""
    *_, (_, optimized) = stages(module, passes)
    return optimized
