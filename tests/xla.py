"""What the tests ask of XLA.

Most of the time of most tests is XLA at work on programs that run once. So it does not optimize
them, has each in one part, and, where it has two ways to emit loops, takes the shorter one.
"""

from __future__ import annotations

import os
from importlib.metadata import version

FLAGS = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
)
TWO_WAYS = version("jaxlib").startswith("0.10.")
SHORTER = ("--xla_cpu_use_fusion_emitters=false",) if TWO_WAYS else ()


def hurry() -> None:
    """Set this for JAX, unless the environment says otherwise. Before it is imported."""
    os.environ.setdefault("XLA_FLAGS", " ".join(FLAGS + SHORTER))
