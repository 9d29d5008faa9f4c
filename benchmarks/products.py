"""Matrix products and convolutions of the workloads, by XLA and by PyTorch, in turns.

    python benchmarks/products.py [--rounds 15]

Steps of `decoder` and `cnn` are mostly these. PyTorch has them from MKL and oneDNN, and TensorFlow
from oneDNN; kspec, Keras on JAX and JAX by hand have them from XLA. It needs PyTorch.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

AGAIN = 20  # calls of a round
# Of `decoder`: rows, inner size, columns. Of `cnn`, in batches of 64: size, channels, filters.
PRODUCTS = ((1024, 256, 1024), (1024, 1024, 256), (256, 1024, 1024), (1536, 1536, 1536))
CONVOLUTIONS = ((32, 3, 32), (16, 32, 64), (8, 64, 128))
BATCH = 64


def product(rows: int, inner: int, columns: int) -> tuple[Callable[..., Any], ...]:
    """By XLA and by PyTorch."""
    draw = np.random.default_rng(0).normal
    x, y = (draw(size=size).astype(np.float32) for size in ((rows, inner), (inner, columns)))
    ours = partial(jax.jit(jnp.matmul), jnp.asarray(x), jnp.asarray(y))
    return ours, partial(torch.matmul, torch.from_numpy(x), torch.from_numpy(y))


def convolution(size: int, channels: int, filters: int) -> tuple[Callable[..., Any], ...]:
    """With its gradients, by XLA and by PyTorch, whose images have their channels last, too."""
    draw = np.random.default_rng(0).normal
    x = draw(size=(BATCH, size, size, channels)).astype(np.float32)
    kernel = draw(size=(3, 3, channels, filters)).astype(np.float32)
    dy = draw(size=(BATCH, size, size, filters)).astype(np.float32)

    @jax.jit
    def by_xla(x: Any, kernel: Any, dy: Any) -> Any:
        names = ("NHWC", "HWIO", "NHWC")
        convolve = partial(
            jax.lax.conv_general_dilated,
            window_strides=(1, 1),
            padding="SAME",
            dimension_numbers=names,
        )
        y, gradients = jax.vjp(convolve, x, kernel)
        return y, gradients(dy)

    last = torch.channels_last
    image = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=last)
    weights = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous(memory_format=last)
    back = torch.from_numpy(dy).permute(0, 3, 1, 2).contiguous(memory_format=last)
    image.requires_grad_()
    weights.requires_grad_()

    def by_torch() -> Any:
        y = torch.nn.functional.conv2d(image, weights, padding=1)
        return torch.autograd.grad(y, (image, weights), back)

    return partial(by_xla, jnp.asarray(x), jnp.asarray(kernel), jnp.asarray(dy)), by_torch


def seconds(call: Callable[..., Any]) -> float:
    """Of a call."""
    began = time.perf_counter()
    for _ in range(AGAIN):
        jax.block_until_ready(call())
    return (time.perf_counter() - began) / AGAIN


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    torch.set_num_threads(os.cpu_count() or 1)
    pairs = {f"{a:,} x {b:,} by {b:,} x {c:,}": product(a, b, c) for a, b, c in PRODUCTS}
    for size, channels, filters in CONVOLUTIONS:
        name = f"convolution of {size} x {size}, {channels} to {filters}, with gradients"
        pairs[name] = convolution(size, channels, filters)
    times: dict[str, list[list[float]]] = {name: [[], []] for name in pairs}
    for turn in range(rounds + 1):
        for name, pair in pairs.items():
            for taken, call in zip(times[name], pair, strict=True):
                taken.append(seconds(call))
                if not turn:  # that compiles
                    taken.clear()
    print("| | XLA | PyTorch | ratio |\n|---|---|---|---|")
    for name, pair in times.items():
        ours, theirs = map(statistics.median, pair)
        print(f"| {name} | {1e3 * ours:.2f} ms | {1e3 * theirs:.2f} ms | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
