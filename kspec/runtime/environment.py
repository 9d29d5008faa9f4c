"""What a run ran on and took: versions, devices and memory, for `run.json` and the report."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata

PACKAGES = ("jax", "jaxlib", "optax", "numpy", "orbax-checkpoint")


@cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in PACKAGES}


def environment() -> dict[str, str]:
    """Versions of kspec and its libraries, Python, the machine and the device."""
    import kspec
    from kspec.runtime import compat

    device = compat.device()
    return {
        "kspec": kspec.__version__,
        "python": platform.python_version(),
        **_versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "device": f"{device.platform}: {device.device_kind}",
    }


def peak_memory() -> dict[str, int]:
    """The most bytes that were in use at once.

    Of the device, or of the process where the device does not tell; nothing where neither is
    known.
    """
    from kspec.runtime import compat

    stats: Mapping[str, int] = compat.device().memory_stats() or {}
    if "peak_bytes_in_use" in stats:
        return {"device": stats["peak_bytes_in_use"]}
    if sys.platform == "win32":
        return {}
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
