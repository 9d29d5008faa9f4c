"""Layer normalization by functions of kspec's own: values and gradients are XLA's."""

from __future__ import annotations

import shutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels import layer_norm_native as module
from kspec.kernels.layer_norm_native import layer_norm_native, reference
from kspec.runtime import libraries, native

COMPILER = any(map(shutil.which, libraries.COMPILERS))
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")

# Widths at the sizes of vectors, and of sums of four, and beside them; rows of one part and more.
SHAPES = [
    *((1, 1), (2, 3), (5, 15), (4, 16), (3, 17), (2, 63), (7, 64), (2, 65), (3, 129), (2, 333)),
    *((2, 3, 31), (4, 33, 256), (3000, 8), (513, 100), (1, 1, 1, 7)),
]
TOLERANCE = {"float32": 5e-6, "float64": 1e-12, "bfloat16": 0.05}
Arrays = list[Any]


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the functions."""
    assert native.library("layer_norm_native")
    monkeypatch.setattr(module, "LAYER_NORM_NATIVE", True)


def drawn(shape: tuple[int, ...], axes: int = 1) -> Arrays:
    """x, gamma, beta, and the slopes of y."""
    rng = np.random.default_rng(0)
    shapes = (shape, *[shape[len(shape) - axes :]] * 2, shape)
    return [jnp.asarray(rng.normal(0.5, size=each), jnp.float32) for each in shapes]


def pulled(function: Any, arrays: Arrays, **options: Any) -> Arrays:
    """The result, and the gradients."""

    def both(slope: Any, *operands: Any) -> Arrays:
        y, pull = jax.vjp(lambda *given: function(*given, **options), *operands)
        return [y, *pull(slope)]

    *operands, slope = arrays
    return jax.jit(both)(slope, *operands)


def near(ours: Arrays, theirs: Arrays, dtype: str = "float32") -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == dtype and one.shape == other.shape
        scale = float(jnp.abs(other).max(initial=1))
        error = float(jnp.abs(one.astype(other.dtype) - other).max(initial=0))
        assert error <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_are_those_of_the_reference(functions, shape):
    arrays = drawn(shape)
    near(pulled(layer_norm_native, arrays), pulled(reference, arrays))


@pytest.mark.parametrize("weights", ["", "gamma", "beta"])
@pytest.mark.parametrize("axis", [(1,), (2,), (1, 2), -1])
def test_axes_and_weights(functions, axis, weights):
    x, gamma, _, slope = drawn((3, 4, 4), 2 if axis == (1, 2) else 1)

    def called(function: Any) -> Any:
        return lambda x, *given: function(
            x, **dict(zip([weights], given, strict=False)), axis=axis, epsilon=0.1
        )

    arrays = [x, gamma, slope] if weights else [x, slope]
    near(pulled(called(layer_norm_native), arrays), pulled(called(reference), arrays))


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_numbers_are_xlas(functions, dtype):
    with jax.enable_x64(dtype == "float64"):
        arrays = [each.astype(dtype) for each in drawn((3, 5, 8))]
        near(pulled(layer_norm_native, arrays), pulled(reference, arrays), dtype)


def test_without_the_functions_it_is_xlas():
    arrays = drawn((3, 5, 8))
    for one, other in zip(
        pulled(layer_norm_native, arrays), pulled(reference, arrays), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_rows_far_from_zero_are_as_exact_as_by_xla(functions):
    x, gamma, beta, slope = drawn((64, 256))
    arrays = [x + 100, gamma, beta, slope]
    with jax.enable_x64(True):
        exact = pulled(reference, [each.astype("float64") for each in arrays])
    ours, theirs = pulled(layer_norm_native, arrays), pulled(reference, arrays)
    for one, other, right in zip(ours, theirs, exact, strict=True):
        error, allowed = (np.abs(np.asarray(a) - np.asarray(right)).max() for a in (one, other))
        assert error <= 2 * allowed


def test_nothing_is_computed_of_nothing(functions):
    arrays = drawn((0, 4, 8))
    near(pulled(layer_norm_native, arrays), pulled(reference, arrays))


def test_what_is_not_finite_stays_in_its_row(functions):
    x, *others = drawn((6, 40))
    x = x.at[1, 3].set(jnp.inf).at[4, 39].set(jnp.nan)
    for one, other in zip(
        pulled(layer_norm_native, [x, *others]), pulled(reference, [x, *others]), strict=True
    ):
        assert jnp.array_equal(jnp.isfinite(one), jnp.isfinite(other))


def test_the_same_bits_each_time(functions):
    arrays = drawn((5, 700, 48))
    run = jax.jit(lambda arrays: pulled(layer_norm_native, arrays))
    first = run(arrays)
    for _ in range(20):
        for one, other in zip(run(arrays), first, strict=True):
            np.testing.assert_array_equal(one, other)


def test_gradients_of_gradients_vmap_and_loops(functions):
    x, gamma, beta, slope = drawn((3, 4, 5))

    def twice(function: Any) -> Any:
        def loss(x: Any, gamma: Any, beta: Any) -> Any:
            def step(x: Any) -> Any:
                cubes = jax.grad(lambda *given: (function(*given) ** 3).sum(), (0, 1, 2))
                return cubes(x, gamma, beta)

            over = jax.vmap(step)(x)
            loops = jax.lax.map(step, x)
            sums = [(a**2 + b**3).sum() for a, b in zip(over, loops, strict=True)]
            return sum(sums) + (over[0] * slope).sum()

        return jax.jit(jax.grad(loss, (0, 1, 2)))(x, gamma, beta)

    for one, other in zip(twice(layer_norm_native), twice(reference), strict=True):
        scale = float(jnp.abs(other).max())
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-5)


def test_arrays_of_no_normalization_are_refused(functions):
    x, gamma, beta, slope = drawn((4, 6))
    row = jax.ShapeDtypeStruct((4,), jnp.float32)
    table = jax.ShapeDtypeStruct((4, 6), jnp.float32)
    forward = jax.ffi.ffi_call("kspec_layer_norm", (table, row, row))
    epsilon = np.float32(1e-3)
    for given in ((x, gamma[:5], beta), (x, gamma, x), (x[:3], gamma, beta), (gamma, gamma, beta)):
        with pytest.raises(jax.errors.JaxRuntimeError, match="not of one normalization"):
            jax.block_until_ready(forward(*given, epsilon=epsilon))
    wide = jax.ShapeDtypeStruct((7,), jnp.float32)
    rows = jnp.ones(4)
    for shape, given in (
        (wide, (x, gamma, rows, rows, slope)),
        (gamma, (x, gamma, rows[:3], rows, slope)),
        (gamma, (x, gamma, rows, rows, slope[:, :5])),
    ):
        column = jax.ShapeDtypeStruct(shape.shape, jnp.float32)
        backward = jax.ffi.ffi_call("kspec_layer_norm_gradient", (table, column, column))
        with pytest.raises(jax.errors.JaxRuntimeError, match="not of one normalization"):
            jax.block_until_ready(backward(*given))
