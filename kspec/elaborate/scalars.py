"""The settings of a train block that are plain numbers and switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

from kspec.diagnostics.errors import BatchNotShared
from kspec.elaborate.reporter import Failed, attempt
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import Meaning

SCALARS: Final = ("batch", "accumulate", "devices", "epochs", "seed", "shuffle")


class Scalars(TypedDict):
    """Them, with their defaults."""

    batch: int
    accumulate: int
    devices: int
    epochs: int
    seed: int
    shuffle: bool


def read_scalars(settings: Settings, meanings: Mapping[str, Meaning]) -> Scalars:
    """Check them all. Raises Failed after reporting."""

    def count(key: str, default: int, least: int = 1) -> int | None:
        return attempt(lambda: settings.integer(key, meanings, default, least))

    batch, accumulate, devices = count("batch", 32), count("accumulate", 1), count("devices", 1)
    epochs, seed = count("epochs", 1), count("seed", 0, 0)
    shuffle = attempt(lambda: settings.boolean("shuffle", meanings, True))
    if batch and devices and batch % devices:
        span = settings.require("devices").value.span
        settings.reporter.report(BatchNotShared.of(span, batch, devices))
        raise Failed
    if not (batch and accumulate and devices and epochs) or seed is None or shuffle is None:
        raise Failed
    return Scalars(
        batch=batch,
        accumulate=accumulate,
        devices=devices,
        epochs=epochs,
        seed=seed,
        shuffle=shuffle,
    )
