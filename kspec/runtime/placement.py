"""Where the arrays of a run are: on one device, or on several that share each batch.

With several, each has all weights, and its share of the examples; XLA adds up what they find.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from kspec.diagnostics import Span, SpecError
from kspec.diagnostics.errors import DevicesMissing
from kspec.runtime import compat

AXIS = "examples"


class Placement:
    """The devices of a run: the first ones of the machine.

    Args:
        devices: How many share each batch. Where there are fewer, one does it all, so that a
            run can be used anywhere; `require` says whether it may be trained.
    """

    def __init__(self, devices: int = 1) -> None:
        self.devices = devices
        self._mesh: Any = None
        found = compat.devices()
        if 1 < devices <= len(found):
            self._mesh = jax.sharding.Mesh(np.array(found[:devices]), (AXIS,))

    def require(self, span: Span | None) -> None:
        """Raises SpecError where the machine has fewer devices."""
        found = len(compat.devices())
        if self.devices > found:
            missing = DevicesMissing(span=span, devices=self.devices, found=str(found))
            raise SpecError((missing,))

    def whole(self, tree: Any) -> Any:
        """Copy all leaves to every device."""
        if self._mesh is None:
            return compat.to_device(tree)
        return compat.put(tree, jax.sharding.NamedSharding(self._mesh, self._spec()))

    def shared(self, tree: Any, axis: int = 0) -> Any:
        """Give each device its share of the examples, which are along an axis of all leaves."""
        if self._mesh is None:
            return tree  # goes to the device as it is used
        spec = self._spec(*[None] * axis, AXIS)
        return compat.put(tree, jax.sharding.NamedSharding(self._mesh, spec))

    def _spec(self, *axes: str | None) -> Any:
        return jax.sharding.PartitionSpec(*axes)
