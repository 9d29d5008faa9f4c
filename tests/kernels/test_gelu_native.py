"""gelu by a function of kspec's own: values and gradients are XLA's."""

from __future__ import annotations

import shutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels import gelu_native as module
from kspec.kernels.gelu_native import gelu_native, reference
from kspec.runtime import libraries, native

COMPILER = any(map(shutil.which, libraries.COMPILERS))
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")

WAYS = pytest.mark.parametrize("approximate", [False, True])


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the function."""
    assert native.library("gelu_native")
    monkeypatch.setattr(module, "GELU_NATIVE", True)


def drawn(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32)


def pulled(function: Any, x: Any, approximate: bool) -> list[Any]:
    """The result, and the gradient where all slopes are 1."""

    def both(x: Any) -> list[Any]:
        y, pull = jax.vjp(lambda x: function(x, approximate), x)
        return [y, *pull(jnp.ones_like(y))]

    return jax.jit(both)(x)


@WAYS
@pytest.mark.parametrize("shape", [(1,), (15,), (16,), (3, 17), (2, 3, 31), (5, 20_001), ()])
def test_values_and_gradients_are_those_of_the_reference(functions, shape, approximate):
    x = drawn(*shape)
    ours, theirs = (pulled(each, x, approximate) for each in (gelu_native, reference))
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == "float32" and one.shape == shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6)


@WAYS
def test_it_is_as_exact_as_by_xla(functions, approximate):
    x = jnp.linspace(-15, 15, 20_003, dtype=jnp.float32)
    ours, theirs = (pulled(each, x, approximate) for each in (gelu_native, reference))
    with jax.enable_x64(True):
        right = pulled(reference, jnp.asarray(np.asarray(x), "float64"), approximate)
    for one, other, exact in zip(ours, theirs, map(np.asarray, right), strict=True):
        error, allowed = (np.abs(np.asarray(each) - exact).max() for each in (one, other))
        assert error <= 2 * allowed


@WAYS
def test_far_out_it_is_x_or_0_and_its_slope_1_or_0(functions, approximate):
    x = jnp.asarray([jnp.inf, 1e30, 100.0, -100.0, -1e30, jnp.nan, -jnp.inf], jnp.float32)
    y, slope = pulled(gelu_native, x, approximate)
    np.testing.assert_array_equal(y, [jnp.inf, x[1], 100, 0, 0, jnp.nan, jnp.nan])
    np.testing.assert_array_equal(slope, [1, 1, 1, 0, 0, jnp.nan, 0])
    np.testing.assert_array_equal(y, reference(x, False))


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_numbers_are_xlas(functions, dtype):
    with jax.enable_x64(dtype == "float64"):
        x = drawn(3, 5).astype(dtype)
        for one, other in zip(
            pulled(gelu_native, x, False), pulled(reference, x, False), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_without_the_function_and_of_nothing_it_is_xlas(functions, monkeypatch):
    assert gelu_native(jnp.ones((0, 4)), False).shape == (0, 4)
    monkeypatch.setattr(module, "GELU_NATIVE", False)
    x = drawn(7)
    for one, other in zip(pulled(gelu_native, x, False), pulled(reference, x, False), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_bits_each_time(functions):
    x = drawn(70, 1001)
    run = jax.jit(lambda x: pulled(gelu_native, x, False))
    first = run(x)
    for _ in range(20):
        for one, other in zip(run(x), first, strict=True):
            np.testing.assert_array_equal(one, other)


@WAYS
def test_gradients_of_gradients_vmap_and_loops(functions, approximate):
    def twice(function: Any, x: Any) -> Any:
        def loss(x: Any) -> Any:
            slope = jax.grad(lambda x: (function(x, approximate) ** 2).sum())
            return (jax.vmap(slope)(x) ** 2).sum() + (jax.lax.map(slope, x) ** 3).sum()

        return jax.jit(jax.grad(loss))(x)

    x = drawn(3, 21)
    np.testing.assert_allclose(twice(gelu_native, x), twice(reference, x), rtol=1e-4, atol=1e-4)


def test_arrays_of_different_shapes_are_refused(functions):
    x = drawn(4, 6)
    for one, other in [((4, 6), (4, 5)), ((4, 7), (4, 6)), ((24,), (24,))]:
        shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in (one, other)]
        call = jax.ffi.ffi_call("kspec_gelu", shapes)
        with pytest.raises(jax.errors.JaxRuntimeError, match="not of one gelu"):
            jax.block_until_ready(call(x, approximate=False))
