"""Convolutions whose kernel has its gradient by products: values and gradients are XLA's."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels.conv_by_examples import conv_by_examples, reference

TOLERANCE = {"float32": 1e-5, "float64": 1e-12, "bfloat16": 0.05}
SHAPES = [
    ((9,), (3,)),
    ((8,), (4,)),
    ((5, 7), (3, 3)),
    ((6, 5), (2, 4)),
    ((1, 6), (1, 3)),
    ((3, 4, 5), (2, 3, 1)),
    ((2, 2), (5, 5)),
]


def pulled(function: Any, operands: list[Any], padding: str) -> list[Any]:
    """The result, and the gradients of x and kernel for one draw of its slopes."""
    ones = (1,) * (operands[0].ndim - 2)

    def both(*operands: Any) -> Any:
        y, pull = jax.vjp(lambda x, k: function(x, k, ones, padding), *operands)
        slope = np.random.default_rng(9).normal(size=y.shape)
        return y, pull(jnp.asarray(slope, y.dtype))

    return jax.tree.leaves(jax.jit(both)(*operands))


@pytest.mark.parametrize("spatial, window", SHAPES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_values_and_gradients_are_those_of_the_reference(spatial, window, padding, dtype):
    if padding == "valid":
        spatial = tuple(map(max, spatial, window))
    with jax.enable_x64(dtype == "float64"):
        rng = np.random.default_rng(0)
        shapes = [(3, *spatial, 2), (*window, 2, 4)]
        drawn = [jnp.asarray(rng.normal(size=shape), dtype) for shape in shapes]
        exact = "float64" if dtype == "float64" else "float32"
        ours = pulled(conv_by_examples, drawn, padding)
        theirs = pulled(reference, [each.astype(exact) for each in drawn], padding)
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == dtype and one.shape == other.shape
            scale = max(1.0, float(jnp.abs(other).max()))
            assert float(jnp.abs(one.astype(exact) - other).max()) <= TOLERANCE[dtype] * scale


def test_on_a_cpu_the_gradient_is_products_and_elsewhere_xlas():
    x, kernel = jnp.zeros((2, 4, 4, 1)), jnp.zeros((3, 3, 1, 2))
    step = jax.jit(jax.grad(lambda k: conv_by_examples(x, k, (1, 1), "same").sum()))
    cpu = step.trace(kernel).lower(lowering_platforms=("cpu",)).as_text()
    gpu = step.trace(kernel).lower(lowering_platforms=("cuda",)).as_text()
    assert "dot_general" in cpu and "dot_general" not in gpu
    assert cpu.count("stablehlo.convolution") < gpu.count("stablehlo.convolution")


def test_gradients_of_gradients_and_vmap():
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(2, 3, 5, 1)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(3, 1, 2)), jnp.float32)

    def twice(function: Any) -> Any:
        def loss(kernel: Any) -> Any:
            step = jax.grad(lambda k, x: (function(x, k, (1,), "same") ** 2).sum())
            return (jax.vmap(step, (None, 0))(kernel, x) ** 2).sum()

        return jax.grad(loss)(kernel)

    np.testing.assert_allclose(twice(conv_by_examples), twice(reference), rtol=1e-4)
