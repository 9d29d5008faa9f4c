"""What a run ran on: versions and devices, for `run.json` and the report."""

from __future__ import annotations

import os
import platform
from importlib import metadata

PACKAGES = ("jax", "jaxlib", "optax", "numpy", "orbax-checkpoint")


def environment() -> dict[str, str]:
    """Versions of kspec and its libraries, Python, the machine and the device."""
    import kspec
    from kspec.runtime import compat

    device = compat.device()
    versions = {name: metadata.version(name) for name in PACKAGES}
    return {
        "kspec": kspec.__version__,
        "python": platform.python_version(),
        **versions,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "device": f"{device.platform}: {device.device_kind}",
    }
