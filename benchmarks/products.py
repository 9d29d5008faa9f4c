"""Products, convolutions and attention of the workloads, by XLA, kspec and PyTorch, in turns.

    python benchmarks/products.py [--rounds 15]

Steps of `decoder` and `cnn` are mostly these. PyTorch has them from MKL and oneDNN, and TensorFlow
from oneDNN; Keras on JAX and JAX by hand have them from XLA. So has kspec, but for what it has
functions of its own for. It needs PyTorch.
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

from kspec.kernels import attention_native, conv_native, layer_norm_native
from kspec.runtime import native

AGAIN = 20  # calls of a round
# Of `decoder`: rows, inner size, columns. Of `cnn`, in batches of 64: size, channels, filters.
PRODUCTS = ((1024, 256, 1024), (1024, 1024, 256), (256, 1024, 1024), (1536, 1536, 1536))
CONVOLUTIONS = ((32, 3, 32), (16, 32, 64), (8, 64, 128))
BATCH = 64
STEPS, HEADS, SIZE = 128, 4, 64  # of the attention of `decoder`, in batches of 8
Calls = dict[str, Callable[[], Any]]


def drawn(*shapes: tuple[int, ...]) -> list[Any]:
    """Normal numbers."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def with_gradients(function: Callable[..., Any], arrays: list[Any]) -> Callable[[], Any]:
    """By JAX: the result, and the gradients of all arrays but the last, which is the result's."""

    @jax.jit
    def both(*arrays: Any) -> Any:
        y, gradients = jax.vjp(function, *arrays[:-1])
        return y, gradients(arrays[-1])

    return partial(both, *map(jnp.asarray, arrays))


def torch_with_gradients(
    function: Callable[..., Any], tensors: list[torch.Tensor]
) -> Callable[[], Any]:
    """The same by PyTorch."""
    *operands, back = tensors
    for each in operands:
        each.requires_grad_()
    return lambda: torch.autograd.grad(function(*operands), operands, back)


def product(rows: int, inner: int, columns: int) -> Calls:
    """Of two matrices."""
    x, y = drawn((rows, inner), (inner, columns))
    return {
        "XLA": partial(jax.jit(jnp.matmul), jnp.asarray(x), jnp.asarray(y)),
        "PyTorch": partial(torch.matmul, torch.from_numpy(x), torch.from_numpy(y)),
    }


def convolution(size: int, channels: int, filters: int) -> Calls:
    """With its gradients. PyTorch's images have their channels last, too."""
    shapes = (BATCH, size, size, channels), (3, 3, channels, filters), (BATCH, size, size, filters)
    arrays = drawn(*shapes)

    def turned(array: Any, *axes: int) -> torch.Tensor:
        turned = torch.from_numpy(array).permute(axes)
        return turned.contiguous(memory_format=torch.channels_last)

    tensors = [turned(each, *axes) for each, axes in zip(arrays, TURNS, strict=True)]
    options = {"strides": (1, 1), "padding": "same"}
    return {
        "XLA": with_gradients(partial(conv_native.reference, **options), arrays),
        "kspec": with_gradients(partial(conv_native.conv_native, **options), arrays),
        "PyTorch": torch_with_gradients(partial(torch.nn.functional.conv2d, padding=1), tensors),
    }


TURNS = ((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))


def attention() -> Calls:
    """Where a step sees itself and earlier ones, with its gradients."""
    arrays = drawn(*[(8, STEPS, HEADS, SIZE)] * 4)
    scale = SIZE**-0.5

    def by_torch(*operands: torch.Tensor) -> torch.Tensor:
        heads_first = (each.transpose(1, 2) for each in operands)
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(*heads_first, is_causal=True).transpose(1, 2)

    options = {"scale": scale, "is_causal": True}
    return {
        "XLA": with_gradients(partial(attention_native.reference, **options), arrays),
        "kspec": with_gradients(partial(attention_native.attention_native, **options), arrays),
        "PyTorch": torch_with_gradients(by_torch, list(map(torch.from_numpy, arrays))),
    }


def layer_norm() -> Calls:
    """With its gradients."""
    arrays = drawn((8, STEPS, 256), (256,), (256,), (8, STEPS, 256))

    def by_torch(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.layer_norm(x, (256,), gamma, beta, 1e-3)

    return {
        "XLA": with_gradients(layer_norm_native.reference, arrays),
        "kspec": with_gradients(layer_norm_native.layer_norm_native, arrays),
        "PyTorch": torch_with_gradients(by_torch, list(map(torch.from_numpy, arrays))),
    }


def cases() -> dict[str, Calls]:
    """All, by what they are."""
    found = {f"{a:,} x {b:,} by {b:,} x {c:,}": product(a, b, c) for a, b, c in PRODUCTS}
    for size, channels, filters in CONVOLUTIONS:
        name = f"convolution of {size} x {size}, {channels} to {filters}, with gradients"
        found[name] = convolution(size, channels, filters)
    found[f"attention of {STEPS} steps, {HEADS} heads of {SIZE}, with gradients"] = attention()
    found[f"layer norm of 8 x {STEPS} x 256, with gradients"] = layer_norm()
    return found


def seconds(call: Callable[[], Any]) -> float:
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
    for module in (attention_native, conv_native, layer_norm_native):
        native.prepare(module)
    found = cases()
    times: dict[str, dict[str, list[float]]] = {
        name: {who: [] for who in calls} for name, calls in found.items()
    }
    for turn in range(rounds + 1):
        for name, calls in found.items():
            for who, call in calls.items():
                taken = seconds(call)
                if turn:  # the first one compiles
                    times[name][who].append(taken)
    print("| | XLA | kspec | PyTorch |\n|---|---|---|---|")
    for name, taken in times.items():
        middle = {who: f"{1e3 * statistics.median(all):.2f} ms" for who, all in taken.items()}
        print(f"| {name} | {middle['XLA']} | {middle.get('kspec', '')} | {middle['PyTorch']} |")


if __name__ == "__main__":
    main()
