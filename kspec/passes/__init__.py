"""Passes: IR to IR. The order is here, and nowhere else.

Every pass gets a valid module and leaves a valid module; `optimize` verifies between
every two. A pass takes no options: what it needs to know is in `module.train`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from kspec.ir import Module, Op, verify
from kspec.passes.batch_shared_calls import batch_shared_calls
from kspec.passes.cache_frozen import cache_frozen
from kspec.passes.derive_modes import derive_modes
from kspec.passes.eliminate_common_ops import eliminate_common_ops
from kspec.passes.eliminate_dead_ops import eliminate_dead_ops
from kspec.passes.fold_constants import fold_constants
from kspec.passes.fuse_linear_crossentropy import fuse_linear_crossentropy
from kspec.passes.fuse_softmax_crossentropy import fuse_softmax_crossentropy
from kspec.passes.lower_precision import lower_precision
from kspec.passes.remarks import Remark, collect
from kspec.passes.rematerialize import rematerialize
from kspec.passes.roll_repeats import roll_repeats
from kspec.passes.select_kernels import select_kernels
from kspec.passes.split_host import split_host
from kspec.passes.stack_weights import stack_weights

Pass: TypeAlias = Callable[[Module], Module]

PIPELINE: Final[tuple[Pass, ...]] = (
    split_host,
    lower_precision,
    derive_modes,
    fold_constants,
    fuse_softmax_crossentropy,
    eliminate_common_ops,
    cache_frozen,
    batch_shared_calls,
    fuse_linear_crossentropy,
    eliminate_dead_ops,  # sweeps up what the others leave behind
    roll_repeats,
    stack_weights,
    rematerialize,
    select_kernels,
)
# Those that make it the program that the spec says; the others only make that better.
NEEDED: Final[tuple[Pass, ...]] = (split_host, lower_precision, derive_modes)
OPTIONAL: Final[tuple[Pass, ...]] = tuple(run for run in PIPELINE if run not in NEEDED)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a pass left.

    Attributes:
        name: The pass's name; `elaborate` for the module as it came.
        module: The module behind it.
        remarks: What the pass says of its work.
    """

    name: str
    module: Module
    remarks: tuple[Remark, ...] = ()


def stages(module: Module, passes: tuple[Pass, ...] = PIPELINE) -> Iterator[Stage]:
    """The module as it came, and after each pass."""
    sound: set[Op] = set()
    verify(module, sound=sound)
    yield Stage("elaborate", module)
    for run in passes:
        with collect() as remarks:
            module = run(module)
        verify(module, run.__name__, sound)
        yield Stage(run.__name__, module, tuple(remarks))


def optimize(module: Module, passes: tuple[Pass, ...] = PIPELINE) -> Module:
    """The module after all passes."""
    *_, last = stages(module, passes)
    return last.module
