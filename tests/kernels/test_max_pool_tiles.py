"""Maximum over windows side by side: values and slopes are XLA's, ties among them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels.max_pool_tiles import max_pool_tiles, reference, slope_by_tiles

SHAPES = [
    ((6,), (2,), "valid"),
    ((7,), (3,), "valid"),
    ((4, 6), (2, 3), "valid"),
    ((5, 7), (2, 2), "valid"),
    ((4, 6), (2, 2), "same"),
    ((1, 1), (1, 1), "same"),
    ((2, 3, 4), (2, 3, 2), "valid"),
    ((3, 3, 3), (2, 1, 2), "valid"),
    ((18, 15), (18, 15), "valid"),  # more places than a byte counts
]


def pulled(function: Any, x: Any, window: tuple[int, ...], padding: str) -> tuple[Any, Any]:
    """The maxima, and the slope of x for one draw of theirs."""

    @jax.jit
    def both(x: Any) -> Any:
        largest, pull = jax.vjp(lambda x: function(x, window, window, padding), x)
        slope = np.random.default_rng(9).normal(size=largest.shape)
        return largest, pull(jnp.asarray(slope, largest.dtype))[0]

    return both(x)


@pytest.mark.parametrize("spatial, window, padding", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_values_and_slopes_are_those_of_the_reference(spatial, window, padding, dtype):
    """Of few different numbers, so that windows have several largest ones."""
    with jax.enable_x64(dtype == "float64"):
        drawn = np.random.default_rng(0).integers(-2, 3, (3, *spatial, 2))
        for x in (jnp.asarray(drawn, dtype), jnp.asarray(-np.abs(drawn), dtype)):
            ours = pulled(max_pool_tiles, x, window, padding)
            theirs = pulled(reference, x, window, padding)
            for one, other in zip(ours, theirs, strict=True):
                assert one.dtype == dtype
                np.testing.assert_array_equal(one, other)


def test_on_a_cpu_the_slope_is_found_by_tiles_and_elsewhere_by_xla():
    x = jnp.zeros((1, 4, 4, 1))
    step = jax.jit(jax.grad(lambda x: max_pool_tiles(x, (2, 2), (2, 2), "valid").sum()))
    cpu = step.trace(x).lower(lowering_platforms=("cpu",)).as_text()
    gpu = step.trace(x).lower(lowering_platforms=("cuda",)).as_text()
    assert "select_and_scatter" not in cpu
    assert "select_and_scatter" in gpu


def test_slopes_of_slopes():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(1, 4, 2)), jnp.float32)

    def twice(function: Any) -> Any:
        first = jax.grad(lambda x: (function(x, (2,), (2,), "valid") ** 3).sum())
        return jax.grad(lambda x: (first(x) ** 2).sum())(x)

    np.testing.assert_allclose(twice(max_pool_tiles), twice(reference), rtol=1e-5)


def test_vmap_is_a_loop():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 2, 4, 1)), jnp.float32)
    each = jax.grad(lambda x: (max_pool_tiles(x, (2,), (2,), "valid") ** 2).sum())
    np.testing.assert_array_equal(jax.vmap(each)(x), jnp.stack([each(one) for one in x]))


def test_the_slope_goes_to_the_first_of_equals():
    x = jnp.ones((1, 2, 2, 1))
    slope = slope_by_tiles((2, 2), x, jnp.full((1, 1, 1, 1), 5.0))
    assert slope[0, :, :, 0].tolist() == [[5.0, 0.0], [0.0, 0.0]]
