"""Sounds and their frequencies. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, fixed, integer, op, require
from kspec.ir.types import TensorType


@op("spectrum")
def _spectrum(types: Types, attrs: Attrs) -> Types:
    """How strong each frequency is along the last axis: the magnitudes of its transform."""
    arity(types, 1, "a spectrum")
    (x,) = types
    require(x.dtype == "f32", f"a transform works on f32, not {x}")
    require(x.rank >= 1, f"{x} has no axis of samples")
    return (x.with_shape((*x.shape[:-1], fixed(x, x.rank - 1) // 2 + 1)),)


@op("mel_bands", required=("frequencies", "bands", "sampling_rate", "low", "high"))
def _mel_bands(types: Types, attrs: Attrs) -> Types:
    """How much each frequency counts in each band: triangles that are even in mels."""
    arity(types, 0, "a table of bands")
    return (TensorType("f32", (integer(attrs, "frequencies"), integer(attrs, "bands"))),)
