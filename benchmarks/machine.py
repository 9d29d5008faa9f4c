"""The machine: what it is, and how fast it can go at best.

    python -m benchmarks.machine

prints both as JSON.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Final

from kspec.tuned import machine

PACKAGES: Final = (
    *("kspec", "jax", "jaxlib", "optax", "keras", "numpy"),
    *("flax", "torch", "tensorflow"),  # where they are installed
)
TRIES: Final = 15


@dataclass(frozen=True)
class Rates:
    """How fast a machine is at best.

    Attributes:
        flops: Operations a second of a matrix product of 1,536 by 1,536 f32.
        bytes: Bytes a second that a copy of 256 MiB reads and writes.
    """

    flops: float
    bytes: float

    def importing(self, modules: str) -> float:
        """The seconds a fresh Python takes that imports those modules and ends."""
        return _importing(modules)


@cache
def _importing(modules: str) -> float:
    command = [sys.executable, "-c", f"import {modules}"]
    return min(_seconds(lambda: subprocess.run(command, check=True)) for _ in range(3))


def measure_rates() -> Rates:
    """The best of several tries: a floor is for a machine that does nothing else."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    size = 1536
    product = jax.jit(jnp.matmul)
    x = jnp.ones((size, size), jnp.float32)
    product(x, x).block_until_ready()
    of_product = min(_seconds(lambda: product(x, x).block_until_ready()) for _ in range(TRIES))
    source = np.ones(2**26, np.float32)
    target = np.empty_like(source)
    of_copy = min(_seconds(lambda: np.copyto(target, source)) for _ in range(TRIES))
    return Rates(flops=2 * size**3 / of_product, bytes=2 * source.nbytes / of_copy)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def describe() -> dict[str, str]:
    """The day, the machine, what else it does, and versions."""
    import jax

    device = jax.devices()[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "device": f"{device.platform}: {device.device_kind}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    """The version of a package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def main() -> None:
    """Print what it is and its rates."""
    print(json.dumps({"facts": describe(), "rates": asdict(measure_rates())}))


if __name__ == "__main__":
    main()
