"""How much memory there is."""

from __future__ import annotations

import os


def memory() -> int:
    """Bytes of the machine's memory; 64 GiB where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 64 * 2**30
