"""Low-rank adaptation: a kernel that stays, and two thin matrices that learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kspec.initializers.constants import Zeros
from kspec.initializers.random import HeUniform
from kspec.ir import Builder, Value
from kspec.layers.base import Dims, WeightSpec, resolve_shape


def adapt(
    weights: Mapping[str, WeightSpec], name: str, rank: int | None, dims: Dims
) -> Mapping[str, WeightSpec]:
    """The weights with the matrices that adapt one of them, if there is a rank.

    kernel + alpha / rank * a @ b, where `kernel` is fixed. Source: Hu et al., LoRA, 2021.

    Args:
        weights: The weights.
        name: The one that is adapted, its last axis the columns.
        rank: The inner size; None for no adaptation.
        dims: What the names of its axes mean.
    """
    if rank is None:
        return weights
    kernel = weights[name]
    shape = kernel.shape if isinstance(kernel.shape, tuple) else resolve_shape(kernel.shape, dims)
    *rows, columns = shape
    if not all(isinstance(size, int) for size in shape):
        return weights
    sizes = tuple(int(size) for size in rows)
    return {
        **weights,
        name: replace(kernel, trainable=False),
        f"lora_{name}_a": WeightSpec((*sizes, rank), HeUniform(), regularizer=kernel.regularizer),
        f"lora_{name}_b": WeightSpec((rank, int(columns)), Zeros(), regularizer=kernel.regularizer),
    }


def adapted(
    b: Builder, weights: Mapping[str, Value], name: str, rank: int | None, alpha: float | None
) -> Value:
    """The weight that a layer works with."""
    kernel = weights[name]
    if rank is None:
        return kernel
    change = b.op("matmul", weights[f"lora_{name}_a"], weights[f"lora_{name}_b"], hint=name)
    factor = (rank if alpha is None else alpha) / rank
    if factor != 1:
        change = b.op("multiply", change, b.constant(factor), hint=name)
    return b.op("add", kernel, change, hint=name)


def rank_fault(rank: int | None, constraint: object, name: str) -> str | None:
    """What is wrong with a rank, or None."""
    if rank is None:
        return None
    if rank < 1:
        return f"lora_rank must be at least 1, not {rank}"
    return f"lora_rank and {name}_constraint exclude each other" if constraint else None
