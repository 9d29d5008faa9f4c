"""Bring a split's rows to the device: all at once where they fit, else ahead of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

# Of the device's memory, what the data of one split may take.
SHARE: Final = 0.25
HOST_BYTES: Final = 2 * 2**30  # where the device does not say how much it has: the CPU


class Feed:
    """One split, ready to be gathered from.

    Args:
        fields: All rows by field.
        device: Where the steps run; the first device by default.
    """

    def __init__(
        self, fields: Mapping[str, NDArray[Any]], device: jax.Device | None = None
    ) -> None:
        self._fields = dict(fields)
        self._device = device or jax.devices()[0]
        self.rows = len(next(iter(self._fields.values())))
        size = sum(field.nbytes for field in self._fields.values())
        self.resident = size <= capacity(self._device)
        self._on_device: dict[str, jax.Array] = {}
        if self.resident:
            self._on_device = {
                name: jax.device_put(field, self._device) for name, field in fields.items()
            }

    def __len__(self) -> int:
        return self.rows

    def batch(self, rows: NDArray[np.int32]) -> dict[str, Any]:
        """The rows of one batch."""
        return {name: field[rows] for name, field in self._fields.items()}

    def gatherable(self, rows: NDArray[np.int32]) -> tuple[dict[str, Any], NDArray[np.int32]]:
        """Fields, and the rows to gather from them, for several batches.

        A split on the device is gathered from as it is. Of a larger one just the rows of
        these batches are sent, and gathered in order.
        """
        if self.resident:
            return dict(self._on_device), rows
        flat = rows.reshape(-1)
        fields = {name: field[flat] for name, field in self._fields.items()}
        return fields, np.arange(flat.size, dtype=np.int32).reshape(rows.shape)


def capacity(device: jax.Device) -> int:
    """How many bytes of data may stay on a device."""
    stats = device.memory_stats() or {}
    limit = stats.get("bytes_limit")
    return HOST_BYTES if limit is None else int(limit * SHARE)
