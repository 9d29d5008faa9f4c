"""A product with a narrow matrix: values and gradients are JAX's, on all shapes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels.matmul_narrow import matmul_narrow, reference

SHAPES = [
    ((6, 16), (16, 2)),
    ((1, 128), (128, 1)),
    ((3, 5, 24), (24, 3)),
    ((2, 1, 3, 8), (8, 1)),
    ((0, 16), (16, 2)),
    ((40, 128), (128, 10)),
]
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


def pulled(function: Any, x: Any, kernel: Any) -> tuple[Any, ...]:
    """The product, and the gradients of both for one draw of its slopes."""

    @jax.jit
    def all_three(x: Any, kernel: Any) -> Any:
        y, pull = jax.vjp(function, x, kernel)
        slope = np.random.default_rng(9).normal(size=y.shape)
        return y, *pull(jnp.asarray(slope, y.dtype))

    return all_three(x, kernel)


def drawn(dtype: str, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.normal(size=shape), dtype) for shape in shapes]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_values_and_gradients_are_those_of_the_reference(shapes, dtype):
    with jax.enable_x64(dtype == "float64"):
        operands = drawn(dtype, *shapes)
        ours, theirs = pulled(matmul_narrow, *operands), pulled(reference, *operands)
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == dtype
            assert one.shape == other.shape
            near = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
            np.testing.assert_allclose(one, other, **near)


def test_on_a_cpu_the_slopes_are_turned_and_elsewhere_the_rows():
    x, kernel = drawn("float32", (8, 16), (16, 2))
    step = jax.jit(jax.grad(lambda kernel: (matmul_narrow(x, kernel) ** 2).sum()))
    cpu = step.trace(kernel).lower(lowering_platforms=("cpu",)).as_text()
    gpu = step.trace(kernel).lower(lowering_platforms=("cuda",)).as_text()
    assert "optimization_barrier" in cpu
    assert "optimization_barrier" not in gpu


def test_xla_leaves_it_a_product_whose_left_operand_is_the_slopes():
    x, kernel = drawn("float32", (8, 16), (16, 2))
    step = jax.jit(jax.grad(lambda kernel: (matmul_narrow(x, kernel) ** 2).sum()))
    program = step.lower(kernel).compile().as_text()
    assert "f32[2,16]" in program  # as it is made, before it is turned


def test_gradients_of_gradients_and_vmap():
    x, kernel = drawn("float32", (4, 8), (8, 1))

    def twice(function: Any) -> Any:
        first = jax.grad(lambda x, kernel: (function(x, kernel) ** 3).sum(), argnums=(0, 1))
        second = jax.grad(
            lambda *both: sum((each**2).sum() for each in first(*both)), argnums=(0, 1)
        )
        return second(x, kernel)

    for one, other in zip(twice(matmul_narrow), twice(reference), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)
    each = jax.grad(lambda x: (matmul_narrow(x, kernel) ** 2).sum())
    batch = drawn("float32", (3, 4, 8))[0]
    one_by_one = jnp.stack([each(one) for one in batch])
    np.testing.assert_allclose(jax.vmap(each)(batch), one_by_one, rtol=1e-5)
