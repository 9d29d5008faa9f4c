"""Sounds and their frequencies. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper
from kspec.ir import Op

emits_helper("mel_bands", "frequencies", "bands", "sampling_rate", "low", "high")


@emits("spectrum")
def _spectrum(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.abs(jnp.fft.rfft({args[0]}))"
